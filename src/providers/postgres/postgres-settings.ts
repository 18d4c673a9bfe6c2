import { z } from 'zod';
import { databaseConfig } from '../../database/database.config.js';
import { type Status, statuses } from '../../domain/presence.js';
import { isIdentifier } from './identifier.js';
import { mappableFields } from './source-fields.js';

const rule = 'letters, digits, _ and $ (a view can give another name)';
const table = z
  .string()
  .trim()
  .refine(
    (text) => text.split('.').length <= 2 && text.split('.').every(isIdentifier),
    `must be the name of a table, such as discord_users or schema.discord_users, of ${rule}`,
  );

function columns(text: string, context: z.RefinementCtx): ReadonlyMap<string, string> {
  const mapping = new Map<string, string>();
  const refuse = (message: string) => context.addIssue({ code: 'custom', message });
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const [field = '', column = '', ...rest] = pair.split('=').map((part) => part.trim());
    if (rest.length > 0 || !isIdentifier(column)) {
      refuse(`must be pairs such as displayName=nick, separated by commas, with columns of ${rule}`);
    } else if (!mappableFields.includes(field)) {
      refuse(`there is no "${field}"; choose from ${mappableFields.join(', ')}`);
    } else if (mapping.has(field)) {
      refuse(`names ${field} twice`);
    }
    mapping.set(field, column);
  }
  return mapping;
}

function chosenStatuses(text: string, context: z.RefinementCtx): readonly Status[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const unknown = names.find((name) => !(statuses as readonly string[]).includes(name));
  if (unknown !== undefined)
    context.addIssue({ code: 'custom', message: `there is no "${unknown}"; choose from ${statuses.join(', ')}` });
  return names as Status[];
}

export const postgresSettings = z.object({
  /** Where the guilds are; may be the address of our own database. */
  POSTGRES_SOURCE_URL: databaseConfig.shape.DATABASE_URL,
  /** `table` or `schema.table`, in the case that the database keeps them in. */
  POSTGRES_SOURCE_GUILDS: table.default('discord_servers'),
  POSTGRES_SOURCE_MEMBERS: table.default('discord_users'),
  /** Columns by what they hold, such as `displayName=nick,guild.name=title`; the others have their usual names. */
  POSTGRES_SOURCE_COLUMNS: z.string().transform(columns).optional(),
  /** Members with another status are left out. Unset: nobody is. */
  POSTGRES_SOURCE_STATUSES: z.string().transform(chosenStatuses).optional(),
  /** Where NOTIFY tells of changes; `off` does not listen. */
  POSTGRES_SOURCE_CHANNEL: z
    .string()
    .trim()
    .refine(isIdentifier, `must be the name of a channel, of ${rule}, or off`)
    .default('guildcast_source'),
  POSTGRES_SOURCE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(4),
  POSTGRES_SOURCE_STATEMENT_TIMEOUT_MS: z.coerce.number().int().min(1).max(120_000).default(8_000),
});
export type PostgresSettings = z.infer<typeof postgresSettings>;

import { type Door, door as doors } from '../../domain/guild.js';
import { type SourceGuild } from '../../domain/source-snapshot.js';
import { type RawSnapshot, type SourceMember } from '../data-provider.js';
import { type GuildField } from './source-fields.js';
import { type LaidOutColumn, type SourceLayout, type TableLayout } from './source-layout.js';

/** What `listStatement` asks for. An id told twice counts once. */
export function guildsOf({ guilds }: SourceLayout, rows: readonly unknown[][]): SourceGuild[] {
  const list = rows.map((row) => guildOf(guilds, row));
  return [...new Map(list.map((guild) => [guild.id, guild])).values()];
}

/** What `loadStatement` asks for; undefined without a row. */
export function snapshotOf({ guilds, members }: SourceLayout, rows: readonly unknown[][]): RawSnapshot | undefined {
  const [first] = rows;
  if (!first) return undefined;
  const width = members.columns.size + 1;
  const decoders = [...members.columns];
  const told = first[0] === null ? [] : rows;
  return {
    guild: guildOf(guilds, first.slice(width)),
    // As the database has them: right or wrong, which is for the chain to see.
    members: told.map((row) => decoded(decoders, row, 1) as unknown as SourceMember),
    partial: members.columns.has('status') ? [] : ['presence'],
  };
}

function guildOf({ columns }: TableLayout<GuildField>, row: readonly unknown[]): SourceGuild {
  const guild = decoded([...columns], row, 0);
  const text = (field: GuildField) => (typeof guild[field] === 'string' ? guild[field] : undefined);
  const alias = text('alias')?.trim();
  const door = doorOf(text('door')?.trim().toLowerCase(), guild.passworded);
  return {
    id: text('id') ?? '',
    name: text('name') ?? '',
    iconUrl: text('iconUrl') ?? null,
    suggested: {
      ...(alias && isAlias(alias) && { alias }),
      ...(typeof guild.default === 'boolean' && { default: guild.default }),
      ...(door && { door }),
    },
  };
}

/** Nulls are left out: what is not told is not wrong. */
function decoded<F extends string>(
  columns: readonly (readonly [F, LaidOutColumn])[],
  row: readonly unknown[],
  from: number,
): Partial<Record<F, unknown>> {
  const values: Partial<Record<F, unknown>> = {};
  columns.forEach(([field, { decode }], index) => {
    const value = row[from + index];
    if (typeof value === 'string') values[field] = decode(value);
  });
  return values;
}

/** A word for a door that we do not know means a guarded one. In d-back's tables `passworded` asks for a login. */
function doorOf(told: string | undefined, passworded: unknown): Door | undefined {
  if (told && told !== 'open') return doors.safeParse(told).data ?? 'discord';
  if (passworded === true) return 'discord';
  return told === 'open' || passworded === false ? 'open' : undefined;
}

/** It stands in addresses. */
function isAlias(text: string): boolean {
  return /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,30}[\p{L}\p{N}])?$/u.test(text);
}

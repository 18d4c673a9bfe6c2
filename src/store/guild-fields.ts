import { z } from 'zod';
import { door } from '../domain/guild.js';
import { guildSettingsPatch } from '../guilds/guild-settings.js';
import { storedText, storedUrl } from './stored-text.js';

/** As many characters as Discord allows a guild. */
const longestName = 100;

const fields = z.strictObject({
  name: storedText(longestName),
  iconUrl: storedUrl.nullable(),
  /** The same shape as an alias that an operator sets; an alias that is taken gives way. */
  alias: guildSettingsPatch.shape.alias.unwrap(),
  default: z.boolean(),
  door,
});

/** A whole guild: what is left out gets its default. */
export const guildFields = fields.extend({
  iconUrl: fields.shape.iconUrl.default(null),
  alias: fields.shape.alias.default(null),
  default: fields.shape.default.default(false),
  door: fields.shape.door.default('open'),
});
export type GuildFields = z.infer<typeof guildFields>;

/** What is left out stays as it is. */
export const guildPatch = fields.partial();
export type GuildPatch = z.infer<typeof guildPatch>;

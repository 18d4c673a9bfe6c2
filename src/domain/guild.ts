import { z } from 'zod';
import { snowflake } from './snowflake.js';

/** How web clients get into a guild's room. */
export const door = z.enum(['open', 'password', 'discord']);
export type Door = z.infer<typeof door>;

export const guild = z.object({
  id: snowflake,
  name: z.string(),
  /** Short name in addresses, unique over all guilds: lower-case letters, digits and dashes. */
  alias: z.string(),
  iconUrl: z.string().nullable(),
  memberCount: z.int().nonnegative(),
  onlineCount: z.int().nonnegative(),
  default: z.boolean(),
  door,
});

/** A guild in a public list: of a guarded one nothing but its name is told. */
export const listedGuild = guild.extend({
  iconUrl: z.string().nullable(),
  memberCount: z.int().nonnegative().nullable(),
  onlineCount: z.int().nonnegative().nullable(),
});
export type ListedGuild = z.infer<typeof listedGuild>;

import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { door } from '../domain/guild.js';
import { snowflake } from '../domain/snowflake.js';
import { guildSettingsPatch } from '../guilds/guild-settings.js';

export class GuildSettingsChange extends createZodDto(guildSettingsPatch) {}

const guildSettings = z.object({
  guildId: snowflake,
  enabled: z.boolean(),
  alias: z.string().nullable().describe('Null: as the source suggests. `door` likewise.'),
  isDefault: z.boolean(),
  door: door.nullable(),
  hideOffline: z.boolean(),
  hideBots: z.boolean(),
  ignoredUsers: z.array(snowflake),
  ignoredRoles: z.array(snowflake),
  messages: z.boolean(),
  channels: z.array(snowflake).nullable().describe('Null: the channels that everybody can read.'),
  updatedAt: z.iso.datetime().nullable().describe('Null while nothing was decided.'),
});
export class GuildSettingsAnswer extends createZodDto(guildSettings) {}

export class GuildSettingsPage extends createZodDto(
  z.object({
    settings: z.array(guildSettings),
    nextCursor: z.string().nullable().describe('Null on the last page.'),
  }),
) {}

/** Discord's id of whoever hides. */
export class HiddenPath extends createZodDto(
  z.object({ guild: z.string().describe('Id or alias.'), userId: snowflake }),
) {}
export class HiddenEverywherePath extends createZodDto(z.object({ userId: snowflake })) {}

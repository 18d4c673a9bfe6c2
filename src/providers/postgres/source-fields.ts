import { type ReadingKind } from './column-reading.js';

export interface Field {
  kind: ReadingKind;
  /** The column that is read when the operator names no other; the seeds of this are d-back's guides. */
  column: string;
  /** A table without this column cannot be used. */
  required?: true;
  /** Hides a guild or guards it: when it is there, it must be readable. */
  guards?: true;
}

/** What is read of a guild, as `POSTGRES_SOURCE_COLUMNS` calls it after `guild.`. */
export const guildFields = {
  id: { kind: 'id', column: 'server_id', required: true },
  name: { kind: 'text', column: 'name' },
  iconUrl: { kind: 'text', column: 'icon_url' },
  alias: { kind: 'text', column: 'alias' },
  default: { kind: 'flag', column: 'is_default' },
  door: { kind: 'text', column: 'door', guards: true },
  passworded: { kind: 'guard', column: 'passworded', guards: true },
  enabled: { kind: 'flag', column: 'enabled', guards: true },
} as const satisfies Record<string, Field>;

/** What is read of a member, as `POSTGRES_SOURCE_COLUMNS` calls it. */
export const memberFields = {
  guildId: { kind: 'id', column: 'server_id', required: true },
  id: { kind: 'id', column: 'user_id', required: true },
  username: { kind: 'text', column: 'username' },
  displayName: { kind: 'text', column: 'display_name' },
  avatarUrl: { kind: 'text', column: 'avatar_url' },
  bot: { kind: 'flag', column: 'bot' },
  roleColor: { kind: 'color', column: 'role_color' },
  roleIds: { kind: 'ids', column: 'role_ids' },
  status: { kind: 'text', column: 'status' },
  activities: { kind: 'json', column: 'activities' },
  voiceChannelId: { kind: 'id', column: 'voice_channel_id' },
  joinedAt: { kind: 'time', column: 'joined_at' },
} as const satisfies Record<string, Field>;

export type GuildField = keyof typeof guildFields;
export type MemberField = keyof typeof memberFields;

/** Every name that may stand left of a `=` in `POSTGRES_SOURCE_COLUMNS`. */
export const mappableFields: readonly string[] = [
  ...Object.keys(memberFields),
  ...Object.keys(guildFields).map((name) => `guild.${name}`),
];

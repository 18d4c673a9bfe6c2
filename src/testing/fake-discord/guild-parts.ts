import { type ActivityOptions, type ChannelOptions, type OverwriteOptions, type RoleOptions } from './guild-options.js';
import { type WireActivity, type WireChannel, type WireOverwrite, type WireRole } from './wire.js';

export function roleOf({
  id,
  name,
  color = 0,
  position,
  permissions = 0,
}: RoleOptions & { id: string; position: number }): WireRole {
  return {
    id,
    name,
    color,
    colors: { primary_color: color, secondary_color: null, tertiary_color: null },
    hoist: false,
    icon: null,
    unicode_emoji: null,
    position,
    permissions: permissions.toString(),
    managed: false,
    mentionable: false,
    flags: 0,
  };
}

interface ChannelPlace {
  id: string;
  guildId: string;
  position: number;
}

export function channelOf(options: ChannelOptions & ChannelPlace): WireChannel {
  return {
    id: options.id,
    type: options.type ?? 0,
    guild_id: options.guildId,
    name: options.name,
    position: options.position,
    parent_id: options.parentId ?? null,
    topic: null,
    nsfw: options.nsfw ?? false,
    permission_overwrites: (options.overwrites ?? []).map(overwriteOf),
    last_message_id: null,
    rate_limit_per_user: 0,
    flags: 0,
  };
}

export function activityOf({ name, type = 0, state, details, url }: ActivityOptions): WireActivity {
  return { name, type, state, details, url, created_at: Date.now() };
}

export function overwriteOf({ id, type, allow = 0, deny = 0 }: OverwriteOptions): WireOverwrite {
  return { id, type, allow: allow.toString(), deny: deny.toString() };
}

/** Without the keys that are undefined, so that spreading changes nothing there. */
export function defined<T extends object>(changes: T): T {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as T;
}

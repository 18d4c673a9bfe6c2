// Discord's own shapes (API v10), as far as the fake speaks them.

export type PresenceStatus = 'online' | 'idle' | 'dnd' | 'offline';

export interface WireUser {
  id: string;
  username: string;
  discriminator: string;
  global_name: string | null;
  avatar: string | null;
  bot: boolean;
}

/** `type`: 0 playing, 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing. */
export interface WireActivity {
  type: number;
  name: string;
  state?: string;
  details?: string;
  url?: string | null;
  created_at: number;
}

export interface WireRole {
  id: string;
  name: string;
  color: number;
  colors: { primary_color: number; secondary_color: null; tertiary_color: null };
  hoist: boolean;
  icon: null;
  unicode_emoji: null;
  position: number;
  permissions: string;
  managed: boolean;
  mentionable: boolean;
  flags: number;
  tags?: { bot_id: string };
}

/** `type`: 0 role, 1 member. `allow` and `deny` are permission bits as decimal text. */
export interface WireOverwrite {
  id: string;
  type: 0 | 1;
  allow: string;
  deny: string;
}

export interface WireChannel {
  id: string;
  type: number;
  guild_id: string;
  name: string;
  position: number;
  parent_id: string | null;
  topic: string | null;
  nsfw: boolean;
  permission_overwrites: WireOverwrite[];
  last_message_id: string | null;
  rate_limit_per_user: number;
  flags: number;
}

export interface WireDmChannel {
  id: string;
  type: 1;
  recipients: WireUser[];
  last_message_id: string | null;
  flags: number;
}

export interface WireMember {
  user: WireUser;
  nick: string | null;
  avatar: null;
  banner: null;
  roles: string[];
  joined_at: string;
  premium_since: null;
  deaf: boolean;
  mute: boolean;
  flags: number;
  pending: boolean;
  communication_disabled_until: null;
}

export interface WirePresence {
  user: { id: string };
  status: PresenceStatus;
  activities: WireActivity[];
  client_status: Partial<Record<WirePlatform, PresenceStatus>>;
}

export type WirePlatform = 'desktop' | 'mobile' | 'web';

export interface WireVoiceState {
  user_id: string;
  /** Null for somebody who left. */
  channel_id: string | null;
  session_id: string;
  deaf: boolean;
  mute: boolean;
  self_deaf: boolean;
  self_mute: boolean;
  self_video: boolean;
  suppress: boolean;
  request_to_speak_timestamp: null;
}

export interface WireAttachment {
  id: string;
  filename: string;
  size: number;
  url: string;
  proxy_url: string;
  content_type: string;
}

export interface WireMessage {
  id: string;
  channel_id: string;
  author: WireUser;
  content: string;
  timestamp: string;
  edited_timestamp: string | null;
  tts: boolean;
  mention_everyone: boolean;
  mentions: WireUser[];
  mention_roles: string[];
  attachments: WireAttachment[];
  embeds: unknown[];
  components: unknown[];
  pinned: boolean;
  type: number;
  flags: number;
  nonce?: string | number;
  webhook_id?: string;
}

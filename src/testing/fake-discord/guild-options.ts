import { type PresenceStatus } from './wire.js';

export interface GuildOptions {
  id?: string;
  name: string;
  icon?: string | null;
  /** Permission bits of the bot's own managed role; Administrator by default, so that the bot reads every channel. */
  botPermissions?: bigint;
}

export interface RoleOptions {
  id?: string;
  name: string;
  /** 0xRRGGBB; 0 = no colour. */
  color?: number;
  position?: number;
  permissions?: bigint | number | string;
}

export interface OverwriteOptions {
  id: string;
  /** 0 role, 1 member. */
  type: 0 | 1;
  allow?: bigint | number | string;
  deny?: bigint | number | string;
}

export interface ChannelOptions {
  id?: string;
  name: string;
  /** Discord's number; 0 = text. */
  type?: number;
  nsfw?: boolean;
  overwrites?: OverwriteOptions[];
  parentId?: string | null;
}

/** `type` as Discord counts: 0 playing (default), 1 streaming, 2 listening, 3 watching, 4 custom, 5 competing. */
export interface ActivityOptions {
  name: string;
  type?: number;
  state?: string;
  details?: string;
  url?: string;
}

export interface UserOptions {
  id?: string;
  username: string;
  globalName?: string | null;
  avatar?: string | null;
  bot?: boolean;
}

export interface MemberOptions extends UserOptions {
  nick?: string | null;
  /** Role ids. */
  roles?: string[];
  status?: PresenceStatus;
  activities?: ActivityOptions[];
  joinedAt?: Date | string;
}

export interface SayOptions {
  channelId: string;
  authorId: string;
  content: string;
  /** User ids; those of `<@id>` in the content when not given. */
  mentions?: string[];
  /** How many files come with it. */
  attachments?: number;
}

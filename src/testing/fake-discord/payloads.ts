import { intents as bits } from './intents.js';
import { timeOf } from './snowflakes.js';
import {
  type PresenceStatus,
  type WireActivity,
  type WireChannel,
  type WireMember,
  type WireMessage,
  type WirePlatform,
  type WirePresence,
  type WireRole,
  type WireUser,
  type WireVoiceState,
} from './wire.js';

export interface MemberState {
  /** The user's. */
  readonly id: string;
  user: WireUser;
  nick: string | null;
  /** Without @everyone. */
  roles: string[];
  /** ISO 8601 */
  joinedAt: string;
  status: PresenceStatus;
  activities: WireActivity[];
  /** Where they are signed in while they are not offline; `desktop` when not given. */
  platforms?: readonly WirePlatform[];
}

export interface GuildState {
  readonly id: string;
  readonly name: string;
  readonly icon: string | null;
  readonly ownerId: string;
  readonly botId: string;
  readonly nsfwLevel: number;
  readonly roles: ReadonlyMap<string, WireRole>;
  readonly channels: ReadonlyMap<string, WireChannel>;
  readonly members: ReadonlyMap<string, MemberState>;
  readonly voice: { readonly states: readonly WireVoiceState[] };
}

export function memberPayload(member: MemberState): WireMember {
  return {
    user: member.user,
    nick: member.nick,
    avatar: null,
    banner: null,
    roles: [...member.roles],
    joined_at: member.joinedAt,
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
    pending: false,
    communication_disabled_until: null,
  };
}

export function isThread({ type }: WireChannel): boolean {
  return type >= 10 && type <= 12;
}

/** A thread has neither permissions nor an age limit of its own. */
export function channelPayload(channel: WireChannel, threadOwnerId: string): object {
  if (!isThread(channel)) return channel;
  const { id, type, guild_id, name, parent_id, last_message_id, rate_limit_per_user, flags } = channel;
  const createdAt = new Date(timeOf(id)).toISOString();
  return {
    ...{ id, type, guild_id, name, parent_id, last_message_id, rate_limit_per_user, flags },
    owner_id: threadOwnerId,
    message_count: 0,
    member_count: 1,
    total_message_sent: 0,
    thread_metadata: {
      archived: false,
      auto_archive_duration: 1440,
      archive_timestamp: createdAt,
      create_timestamp: createdAt,
      locked: false,
    },
  };
}

export function presencePayload({ user, status, activities, platforms = ['desktop'] }: MemberState): WirePresence {
  const signedIn = status === 'offline' ? [] : platforms;
  // Of the user Discord promises the id alone.
  return {
    user: { id: user.id },
    status,
    activities,
    client_status: Object.fromEntries(signedIn.map((name) => [name, status])),
  };
}

/** What REST and the gateway say alike about a guild. */
export function guildPayload(guild: GuildState): Record<string, unknown> {
  return {
    id: guild.id,
    name: guild.name,
    icon: guild.icon,
    splash: null,
    discovery_splash: null,
    banner: null,
    description: null,
    owner_id: guild.ownerId,
    region: 'deprecated',
    afk_channel_id: null,
    afk_timeout: 300,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    widget_enabled: false,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw_level: guild.nsfwLevel,
    nsfw: guild.nsfwLevel === 1 || guild.nsfwLevel === 3,
    premium_tier: 0,
    premium_subscription_count: 0,
    premium_progress_bar_enabled: false,
    preferred_locale: 'en-US',
    application_id: null,
    vanity_url_code: null,
    max_members: 500_000,
    max_presences: null,
    features: [],
    emojis: [],
    stickers: [],
    roles: [...guild.roles.values()],
  };
}

/**
 * GUILD_CREATE as a session with these intents gets it. Without presences it brings the bot alone and nobody online;
 * in a guild with more members than `largeThreshold`, those who are offline are left out.
 */
export function guildCreatePayload(guild: GuildState, intents: number, largeThreshold: number): unknown {
  const all = [...guild.members.values()];
  const large = all.length > largeThreshold;
  const presences = (intents & bits.guildPresences) !== 0;
  const channels = [...guild.channels.values()];
  const told = all.filter(({ user, status }) => {
    if (user.id === guild.botId) return true;
    return presences && (!large || status !== 'offline');
  });
  return {
    ...guildPayload(guild),
    joined_at: guild.members.get(guild.botId)?.joinedAt,
    large,
    unavailable: false,
    member_count: all.length,
    voice_states: guild.voice.states,
    members: told.map(memberPayload),
    channels: channels.filter((channel) => !isThread(channel)),
    threads: channels.filter(isThread).map((thread) => channelPayload(thread, guild.ownerId)),
    presences: presences ? told.filter(({ status }) => status !== 'offline').map(presencePayload) : [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

/** The message as the application may read it: without the intent, only its own and those that mention it. */
export function readableMessage(message: WireMessage, intents: number, botId: string): WireMessage {
  const readable =
    (intents & bits.messageContent) !== 0 ||
    message.author.id === botId ||
    message.mentions.some(({ id }) => id === botId);
  return readable ? message : { ...message, content: '', embeds: [], attachments: [], components: [] };
}

import {
  ActivityType,
  type Activity as DiscordActivity,
  type Guild,
  type GuildBasedChannel,
  type GuildMember,
  type Presence,
} from 'discord.js';
import { type Channel } from '../domain/channel.js';
import { type Member, type MemberReference } from '../domain/member.js';
import { type Activity, type Platform, platform, type Status } from '../domain/presence.js';
import { defaultRoleColor } from '../domain/role-color.js';
import { compareSnowflakes } from '../domain/snowflake.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { isPublicText, isPublicVoice } from './public-channel.js';

const activityTypes: Record<ActivityType, Activity['type']> = {
  [ActivityType.Playing]: 'playing',
  [ActivityType.Streaming]: 'streaming',
  [ActivityType.Listening]: 'listening',
  [ActivityType.Watching]: 'watching',
  [ActivityType.Custom]: 'custom',
  [ActivityType.Competing]: 'competing',
};

/** Whoever hides, and whoever Discord tells us nothing about, is offline. */
export function statusOf(status: string | undefined): Status {
  return status === 'online' || status === 'idle' || status === 'dnd' ? status : 'offline';
}

/** Undefined for a kind of activity that Discord has added since. */
export function activityOf(
  activity: Pick<DiscordActivity, 'type' | 'name' | 'state' | 'details'>,
): Activity | undefined {
  const type = activityTypes[activity.type] as Activity['type'] | undefined;
  if (type === undefined) return undefined;
  return {
    type,
    name: activity.name,
    ...(activity.state ? { state: activity.state } : {}),
    ...(activity.details ? { details: activity.details } : {}),
  };
}

/** How pictures are asked for. */
export const image = { extension: 'png', size: 128 } as const;

export interface ColoredRole {
  id: string;
  /** As Discord tells it: several roles may share one. */
  position: number;
  /** 0xRRGGBB; 0 = none. */
  color: number;
}

/** The colour of the highest role that has one; of two in the same position the older one is higher. */
export function roleColorOf(roles: Iterable<ColoredRole>): string {
  let highest: ColoredRole | undefined;
  for (const role of roles) if (role.color !== 0 && (highest === undefined || isAbove(role, highest))) highest = role;
  return highest === undefined ? defaultRoleColor : `#${highest.color.toString(16).padStart(6, '0')}`;
}

function isAbove(one: ColoredRole, other: ColoredRole): boolean {
  return one.position === other.position ? compareSnowflakes(one.id, other.id) < 0 : one.position > other.position;
}

export function colorOf(member: GuildMember): string {
  return roleColorOf(
    member.roles.cache.map(({ id, rawPosition, colors }) => ({
      id,
      position: rawPosition,
      color: colors.primaryColor,
    })),
  );
}

export function referenceTo(member: GuildMember): MemberReference {
  const { id, user, displayName } = member;
  return { id, username: user.username, displayName, roleColor: colorOf(member) };
}

/** Undefined for somebody who is nowhere signed in, or hides. */
export function platformsOf(presence: Pick<Presence, 'status' | 'clientStatus'> | null): Platform[] | undefined {
  if (statusOf(presence?.status) === 'offline') return undefined;
  const { clientStatus } = presence ?? {};
  const platforms = platform.options.filter((name) => statusOf(clientStatus?.[name]) !== 'offline');
  return platforms.length > 0 ? platforms : undefined;
}

/** Undefined where everybody may not see who is there, or nobody is. */
function voiceChannelOf({ id, guild }: GuildMember): string | undefined {
  const channelId = guild.voiceStates.cache.get(id)?.channelId;
  const channel = channelId ? guild.channels.cache.get(channelId) : undefined;
  return channel && isPublicVoice(channel) ? channel.id : undefined;
}

export function memberOf(member: GuildMember): Member {
  const { presence, guild } = member;
  const status = statusOf(presence?.status);
  const platforms = platformsOf(presence);
  return {
    id: member.id,
    username: member.user.username,
    displayName: member.displayName,
    avatarUrl: member.displayAvatarURL(image),
    bot: member.user.bot,
    roleColor: colorOf(member),
    // @everyone has the guild's own id and says nothing.
    roleIds: [...member.roles.cache.keys()].filter((id) => id !== guild.id).sort(compareSnowflakes),
    status,
    activities:
      status === 'offline'
        ? []
        : (presence?.activities ?? []).map(activityOf).filter((activity) => activity !== undefined),
    ...(platforms && { platforms }),
    voiceChannelId: voiceChannelOf(member) ?? null,
    joinedAt: member.joinedAt?.toISOString() ?? null,
  };
}

export function guildOf(guild: Guild): SourceGuild {
  return { id: guild.id, name: guild.name, iconUrl: guild.iconURL(image) };
}

/** Undefined for a channel that not everybody may see, and for one of another kind, such as a thread. */
export function channelOf(channel: GuildBasedChannel): Channel | undefined {
  if (channel.isThread()) return undefined;
  const { id, name } = channel;
  if (isPublicText(channel)) return { id, name, kind: 'text' };
  return isPublicVoice(channel) ? { id, name, kind: 'voice' } : undefined;
}

import { ActivityType, type Activity as DiscordActivity, type Guild, type GuildMember } from 'discord.js';
import { type Member } from '../domain/member.js';
import { type Activity, type Status } from '../domain/presence.js';
import { defaultRoleColor } from '../domain/role-color.js';
import { compareSnowflakes } from '../domain/snowflake.js';
import { type SourceGuild } from '../domain/source-snapshot.js';

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

/** The colour of the highest role that has one. */
export function colorOf(member: GuildMember): string {
  return member.roles.color?.hexColor.toLowerCase() ?? defaultRoleColor;
}

export function memberOf(member: GuildMember): Member {
  const { presence, guild } = member;
  const status = statusOf(presence?.status);
  return {
    id: member.id,
    username: member.user.username,
    displayName: member.displayName,
    avatarUrl: member.displayAvatarURL({ extension: 'png', size: 128 }),
    bot: member.user.bot,
    roleColor: colorOf(member),
    // @everyone has the guild's own id and says nothing.
    roleIds: [...member.roles.cache.keys()].filter((id) => id !== guild.id).sort(compareSnowflakes),
    status,
    activities:
      status === 'offline'
        ? []
        : (presence?.activities ?? []).map(activityOf).filter((activity) => activity !== undefined),
    // The session does not ask Discord for voice states.
    voiceChannelId: null,
    joinedAt: member.joinedAt?.toISOString() ?? null,
  };
}

export function guildOf(guild: Guild): SourceGuild {
  return { id: guild.id, name: guild.name, iconUrl: guild.iconURL({ extension: 'png', size: 128 }) };
}

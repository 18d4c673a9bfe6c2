import { type Channel } from './channel.js';
import { type NewDomainEvent } from './events/index.js';
import { type Member } from './member.js';
import { type Platform } from './presence.js';
import { defaultRoleColor } from './role-color.js';

/** The part of a guild that events change. Plain data: the same function keeps it on the server and in a client. */
export interface GuildState {
  name: string;
  iconUrl: string | null;
  members: Map<string, Member>;
  channels: Map<string, Channel>;
  /** Whether the source still sees the guild. */
  available: boolean;
}

function unknownMember(id: string): Member {
  return {
    id,
    username: 'Unknown',
    displayName: 'Unknown',
    avatarUrl: null,
    bot: false,
    roleColor: defaultRoleColor,
    roleIds: [],
    status: 'offline',
    activities: [],
    voiceChannelId: null,
    joinedAt: null,
  };
}

/** The member with this presence, and nothing of the one before. */
export function withPresence(
  { platforms: _former, ...member }: Member,
  { status, activities, platforms }: Pick<Member, 'status' | 'activities'> & { platforms?: Platform[] },
): Member {
  return { ...member, status, activities, ...(platforms && { platforms }) };
}

/**
 * Applies one event in place. Applying events again that the state already holds does no harm as long as all of them
 * up to the newest are applied in order: a snapshot may therefore be newer than the place its replay starts from.
 */
export function applyEvent(state: GuildState, event: NewDomainEvent): void {
  switch (event.type) {
    case 'presence.updated': {
      const known = state.members.get(event.data.member.id) ?? unknownMember(event.data.member.id);
      state.members.set(known.id, withPresence({ ...known, ...event.data.member }, event.data));
      return;
    }
    case 'member.joined':
    case 'member.updated':
      state.members.set(event.data.member.id, event.data.member);
      return;
    case 'member.left':
      state.members.delete(event.data.member.id);
      return;
    case 'channel.created':
    case 'channel.updated':
      state.channels.set(event.data.channel.id, event.data.channel);
      return;
    case 'channel.deleted':
      state.channels.delete(event.data.channel.id);
      return;
    case 'guild.updated':
      state.name = event.data.guild.name;
      state.iconUrl = event.data.guild.iconUrl;
      state.available = true;
      return;
    case 'guild.unavailable':
      state.available = false;
      return;
    case 'guild.removed':
      state.members.clear();
      state.channels.clear();
      state.available = false;
      return;
    case 'message.created':
    case 'message.updated':
    case 'message.deleted':
    case 'typing.started':
    case 'announcement.created':
    case 'notification.accepted':
    case 'notification.delivered':
    case 'notification.retrying':
    case 'notification.unknown':
    case 'notification.dead':
    case 'notification.superseded':
    case 'notification.off':
      return;
  }
}

import { type NewDomainEvent } from './events/index.js';
import { type Member } from './member.js';
import { defaultRoleColor } from './role-color.js';

/** The part of a guild that events change. Plain data: the same function keeps it on the server and in a client. */
export interface GuildState {
  name: string;
  iconUrl: string | null;
  members: Map<string, Member>;
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

/**
 * Applies one event in place. Applying events again that the state already holds does no harm as long as all of them
 * up to the newest are applied in order: a snapshot may therefore be newer than the place its replay starts from.
 */
export function applyEvent(state: GuildState, event: NewDomainEvent): void {
  switch (event.type) {
    case 'presence.updated': {
      const known = state.members.get(event.data.member.id) ?? unknownMember(event.data.member.id);
      const { status, activities, member } = event.data;
      state.members.set(member.id, { ...known, ...member, status, activities });
      return;
    }
    case 'member.joined':
    case 'member.updated':
      state.members.set(event.data.member.id, event.data.member);
      return;
    case 'member.left':
      state.members.delete(event.data.member.id);
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
      state.available = false;
      return;
    case 'message.created':
    case 'announcement.created':
    case 'notification.accepted':
    case 'notification.delivered':
    case 'notification.retrying':
    case 'notification.dead':
      return;
  }
}

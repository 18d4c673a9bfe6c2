// What a snapshot says and events change. The same rules as the server's own state (src/domain/guild-state.ts): a test
// holds the two together.

const defaultRoleColor = '#99aab5';

export const statuses = ['online', 'idle', 'dnd', 'offline'];

export function stateOf(snapshot) {
  const { guild, members, source, asOf, stale, partial } = snapshot;
  return {
    id: guild.id,
    alias: guild.alias,
    door: guild.door,
    name: guild.name,
    iconUrl: guild.iconUrl,
    members: new Map(members.map((member) => [member.id, member])),
    available: true,
    source,
    asOf,
    stale,
    partial,
  };
}

function unknownMember(id) {
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

/** Applies one event in place. Types it does not know change nothing. */
export function applyEvent(state, event) {
  const { data } = event;
  switch (event.type) {
    case 'presence.updated': {
      const known = state.members.get(data.member.id) ?? unknownMember(data.member.id);
      const { status, activities, member } = data;
      state.members.set(member.id, { ...known, ...member, status, activities });
      return;
    }
    case 'member.joined':
    case 'member.updated':
      state.members.set(data.member.id, data.member);
      return;
    case 'member.left':
      state.members.delete(data.member.id);
      return;
    case 'guild.updated':
      state.name = data.guild.name;
      state.iconUrl = data.guild.iconUrl;
      state.available = true;
      return;
    case 'guild.unavailable':
      state.available = false;
      return;
    case 'guild.removed':
      state.members.clear();
      state.available = false;
  }
}

/** The member whose place in the list an event may have changed. */
export function memberTouchedBy({ type, data }) {
  return type === 'presence.updated' || type.startsWith('member.') ? data?.member?.id : undefined;
}

/** How many members have each status. */
export function countByStatus(members) {
  const counts = { online: 0, idle: 0, dnd: 0, offline: 0 };
  for (const { status } of members.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

// A guild of 10 000 members as Discord's guilds of that size look: the same one for every server.

export const largeGuild = { id: '745632198000000001', alias: 'large', name: 'A large guild' };
/** As large, and of a source that says what the benchmark wants it to. */
export const toldGuild = { id: '745632198999999999', name: 'A told guild' };
export const memberCount = 10_000;

const names = ['mika', 'Ólafur', 'sunny_side', 'Žofie', 'KAITO', 'Jürgen', 'nightfall', 'さくら', 'Thành', 'pixel.fox'];
const suffixes = ['', '', ' 🌙', ' | EU', ' ✨', '_dev', ' (away)', '', ' 미나', ''];
const colors = ['#99aab5', '#e91e63', '#3498db', '#2ecc71', '#f1c40f'];
/** How many of a hundred have which status. */
const statuses = Object.entries({ offline: 58, online: 20, idle: 13, dnd: 9 }).flatMap(([status, share]) =>
  Array.from({ length: share }, () => status),
);
const activities = [
  { type: 'playing', name: 'Minecraft' },
  { type: 'listening', name: 'Spotify', details: 'Ágætis byrjun', state: 'Sigur Rós' },
  { type: 'custom', name: 'Custom Status', state: 'back in an hour ☕' },
];

/** Numbers that look random and are the same in every run (Lehmer's generator). */
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 0x7fffffff;
    return state % below;
  };
}

function makeMember(index, next) {
  const id = `3105${String(20_000_000_000_000 + index * 7_919).padStart(14, '0')}`;
  const username = `${['river', 'stone', 'cloud', 'ember', 'frost'][next(5)]}${1_000 + next(900_000)}`;
  const hash = Array.from({ length: 4 }, () => next(0x7fffffff).toString(16).padStart(8, '0')).join('');
  const status = statuses[next(100)];
  return {
    id,
    username,
    displayName: next(3) === 0 ? username : `${names[next(names.length)]}${suffixes[next(suffixes.length)]}`,
    avatarUrl: next(10) < 8 ? `https://cdn.discordapp.com/avatars/${id}/${hash}.webp` : null,
    bot: next(100) === 0,
    roleColor: colors[next(colors.length)],
    roleIds: Array.from({ length: next(5) }, () => `7456321990000000${10 + next(60)}`),
    status,
    activities: status !== 'offline' && next(3) === 0 ? [activities[next(activities.length)]] : [],
    voiceChannelId: next(50) === 0 ? `74563219800000010${next(8)}` : null,
    joinedAt: new Date(1_577_836_800_000 + next(150_000_000) * 1_000).toISOString(),
  };
}

export function largeMembers(count = memberCount) {
  const next = numbers(4_711);
  return Array.from({ length: count }, (_, index) => makeMember(index, next));
}

/** Endless changes of presence, each of another member; data of a `presence.updated`. */
export function* presenceChanges(members) {
  const next = numbers(1_009);
  for (;;) {
    const { id, username, displayName, roleColor, status: previous } = members[next(members.length)];
    const status = previous === 'online' ? 'idle' : 'online';
    yield { member: { id, username, displayName, roleColor }, status, previous, activities: [] };
  }
}

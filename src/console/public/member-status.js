export const statuses = ['online', 'idle', 'dnd', 'offline'];

/** How many members have each status. */
export function countByStatus(members) {
  const counts = { online: 0, idle: 0, dnd: 0, offline: 0 };
  for (const { status } of members.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

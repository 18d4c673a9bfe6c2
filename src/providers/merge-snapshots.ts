import { type Channel } from '../domain/channel.js';
import { type Member } from '../domain/member.js';
import { type SourcedSnapshot } from './guarded-source.js';

/**
 * One answer of several: the guild as the first source tells it, and the members and channels of all, each as the first
 * source that knows them tells. `broken` names the sources that should have answered and did not.
 */
export function mergeSnapshots(
  first: SourcedSnapshot,
  others: readonly SourcedSnapshot[],
  broken: readonly string[],
): SourcedSnapshot {
  const all = [first, ...others];
  const members = firstOfEach<Member>(all.flatMap((snapshot) => snapshot.members));
  const channels = firstOfEach<Channel>(all.flatMap((snapshot) => snapshot.channels ?? []));
  const partial = new Set(all.flatMap((snapshot) => snapshot.partial));
  for (const name of broken) partial.add(`source:${name}`);
  return {
    guild: first.guild,
    members,
    ...(all.some((snapshot) => snapshot.channels) && { channels }),
    partial: [...partial],
    source: all.map(({ source }) => source).join('+'),
    asOf: all.map(({ asOf }) => asOf).sort()[0] ?? first.asOf,
    stale: all.some(({ stale }) => stale),
    renewing: all.some(({ renewing }) => renewing),
  };
}

function firstOfEach<T extends { id: string }>(told: readonly T[]): T[] {
  const known = new Map<string, T>();
  for (const one of told) if (!known.has(one.id)) known.set(one.id, one);
  return [...known.values()];
}

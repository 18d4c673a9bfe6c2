import { type Member } from '../domain/member.js';
import { type SourcedSnapshot } from './guarded-source.js';

/**
 * One answer of several: the guild as the first source tells it, and the members of all, each as the first source that
 * knows them tells. `broken` names the sources that should have answered and did not.
 */
export function mergeSnapshots(
  first: SourcedSnapshot,
  others: readonly SourcedSnapshot[],
  broken: readonly string[],
): SourcedSnapshot {
  const all = [first, ...others];
  const members = new Map<string, Member>();
  for (const member of all.flatMap((snapshot) => snapshot.members)) {
    if (!members.has(member.id)) members.set(member.id, member);
  }
  const partial = new Set(all.flatMap((snapshot) => snapshot.partial));
  for (const name of broken) partial.add(`source:${name}`);
  return {
    guild: first.guild,
    members: [...members.values()],
    partial: [...partial],
    source: all.map(({ source }) => source).join('+'),
    asOf: all.map(({ asOf }) => asOf).sort()[0] ?? first.asOf,
    stale: all.some(({ stale }) => stale),
    renewing: all.some(({ renewing }) => renewing),
  };
}

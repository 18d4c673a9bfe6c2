import { type NewDomainEvent } from '../domain/events/index.js';
import { type Member, referenceOf } from '../domain/member.js';
import { formerFields, presenceDiffers } from '../domain/member-difference.js';

/** The one event of a member's change, undefined when nothing changed. `before` is undefined for one who joins. */
export function memberChange(
  guildId: string,
  before: Member | undefined,
  after: Member,
  actor: string,
): NewDomainEvent | undefined {
  if (!before) return { type: 'member.joined', guildId, data: { member: after, actor } };
  const presence = presenceDiffers(before, after);
  const former = formerFields(before, after);
  if (former) {
    // An update carries the whole member, so the presence needs no event of its own.
    const previous = presence ? { ...former, ...formerPresence(before, after) } : former;
    return { type: 'member.updated', guildId, data: { member: after, previous, actor } };
  }
  if (!presence) return undefined;
  const { status, activities } = after;
  const data = { member: referenceOf(after), status, previous: before.status, activities, actor };
  return { type: 'presence.updated', guildId, data };
}

function formerPresence(before: Member, after: Member): Partial<Member> {
  const { status, activities } = before;
  return {
    ...(status !== after.status && { status }),
    ...(presenceDiffers(before, { ...after, status }) && { activities }),
  };
}

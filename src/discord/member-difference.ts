import { isDeepStrictEqual } from 'node:util';
import { type Member } from '../domain/member.js';

/** True when the status or an activity differs. */
export function presenceDiffers(before: Member, after: Member): boolean {
  return before.status !== after.status || !isDeepStrictEqual(before.activities, after.activities);
}

/** The former values of the fields that changed, but for the presence; undefined when none did. */
export function formerFields(before: Member, after: Member): Partial<Member> | undefined {
  const former: Partial<Member> = { ...before };
  delete former.status;
  delete former.activities;
  for (const field of Object.keys(former) as (keyof Member)[]) {
    if (isDeepStrictEqual(before[field], after[field])) delete former[field];
  }
  return Object.keys(former).length > 0 ? former : undefined;
}

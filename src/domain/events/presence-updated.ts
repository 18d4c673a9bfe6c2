import { z } from 'zod';
import { actor } from '../actor.js';
import { memberReference } from '../member.js';
import { activity, platforms, status } from '../presence.js';

/** A member's status, activities or platforms changed. `previous` is the status before, where the source knew it. */
export const presenceUpdated = z.object({
  member: memberReference,
  status,
  previous: status.nullable(),
  activities: z.array(activity),
  platforms,
  actor,
});

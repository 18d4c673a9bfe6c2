import { z } from 'zod';
import { targetKind } from '../notification.js';

/** The delivery state of a notification that belongs to a guild. Everybody in the room hears it: no ids of people. */
export const notificationState = z.object({
  id: z.string(),
  type: z.string(),
  target: targetKind,
  attempts: z.int().nonnegative(),
  nextAttemptAt: z.iso.datetime().optional(),
  reason: z.string().optional(),
});

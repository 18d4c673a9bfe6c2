import { z } from 'zod';
import { notificationTarget } from '../notification.js';

/** The delivery state of a notification that belongs to a guild. */
export const notificationState = z.object({
  id: z.string(),
  type: z.string(),
  target: notificationTarget,
  attempts: z.int().nonnegative(),
  nextAttemptAt: z.iso.datetime().optional(),
  reason: z.string().optional(),
});

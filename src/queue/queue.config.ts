import { z } from 'zod';
import { locales } from '../domain/notification.js';
import { deliveryModes } from './delivery-mode.js';

const week = 604_800;

function seconds(text: string, context: z.RefinementCtx): number[] {
  const delays = text.split(',').map((part) => Number(part.trim() || 'nothing'));
  if (delays.length > 100 || delays.some((delay) => !Number.isInteger(delay) || delay < 1 || delay > week)) {
    context.addIssue({
      code: 'custom',
      message: `must be 1 to 100 whole numbers of seconds (1 to ${week}), separated by commas, such as 5,30,120`,
    });
    return z.NEVER;
  }
  return delays;
}

export const queueConfig = z.object({
  /** How long a worker that fell silent keeps its notifications from the others. */
  QUEUE_LEASE_SECONDS: z.coerce.number().int().min(1).max(3_600).default(60),
  /** The wait after the first, second, … counted failure; one more failure than entries, and the notification is dead. */
  QUEUE_RETRY_SCHEDULE: z.string().default('5,30,120,600,1800,3600,7200,14400,28800,43200').transform(seconds),
  QUEUE_MAX_PAYLOAD_BYTES: z.coerce.number().int().min(256).max(1_048_576).default(65_536),
  /** Notifications that were delivered or superseded longer ago are deleted. */
  QUEUE_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(7),
  /** Dead and unknown ones, which may still be tried again, are deleted after this time. */
  QUEUE_DEAD_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(30),
  /** Workers look this often even if nobody wakes them. */
  QUEUE_POLL_SECONDS: z.coerce.number().int().min(1).max(3_600).default(5),
  /** Notifications this process delivers at once to Discord, and as many elsewhere. */
  QUEUE_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(4),
  /** Who delivers what is published: workers of ours, or consumers. Unset: ours where there is a bot's token. */
  QUEUE_DELIVERY: z.enum(deliveryModes).optional(),
  /** The language of notifications that name none. */
  QUEUE_LOCALE: z.enum(locales).default('es'),
  /**
   * How long a consumer that names no lease keeps what it was given; each mark prolongs the rest of its batch by that much.
   * Longer than its slowest single delivery, or another consumer delivers the same again.
   */
  QUEUE_IMPLICIT_LEASE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(120),
  /**
   * More notifications of one publisher, destination and type than that within a window are held, and one digest tells
   * them; 0 means that none are. Off unless an operator wants it: publishers rely on each of their messages.
   */
  QUEUE_FLOOD_LIMIT: z.coerce.number().int().min(0).max(100_000).default(0),
  QUEUE_FLOOD_WINDOW_SECONDS: z.coerce.number().int().min(1).max(86_400).default(60),
  /** The route that is told when a target is switched off. Unset: the log alone says so. */
  QUEUE_OWNER_ROUTE: z.string().min(1).max(64).optional(),
});
export type QueueConfig = z.infer<typeof queueConfig>;

export const QUEUE_CONFIG = Symbol('QUEUE_CONFIG');

import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { moment } from '../domain/moment.js';
import {
  locales,
  notificationStates,
  notificationTarget,
  priorities,
  renderedMessage,
} from '../domain/notification.js';
import { deliveryModes } from '../queue/delivery-mode.js';
import { attemptOutcomes } from '../queue/notification.entity.js';
import { holds } from '../queue/operations/queue-operations.js';

const count = z.int().nonnegative();
const time = z.iso.datetime();
const storedId = z.string().regex(/^\d{1,18}$/, 'must be an id');
const text = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .refine((value) => !value.includes('\0'), 'must not hold the character NUL');
const type = text(64);
const destination = text(300).describe('Such as user:80351110224678912, channel:…, webhook:… (its id alone).');
const counts = z.object({
  pending: count,
  leased: count,
  delivered: count,
  dead: count,
  unknown: count,
  superseded: count,
});

const stats = z.object({
  at: time.describe('By the clock of the database.'),
  states: counts,
  kinds: z.array(z.object({ kind: z.string(), states: counts })).describe('By the kind of target.'),
  types: z.array(z.object({ type: z.string(), waiting: count })).describe('Of what waits, the most frequent 50.'),
  deliverable: count.describe('Due now, or under a lease that is over.'),
  leased: count.describe('Being delivered.'),
  held: z
    .object({ group: count, paused: count, off: count, digest: count })
    .describe('Pending, and not offered: see heldBy of a notification.'),
  oldestWaitingSeconds: z.number().nullable().describe('Of those that have not ended.'),
  lastHour: z.object({ delivered: count, dead: count, unknown: count }).describe('Ended so, to the minute.'),
});
export class QueueStatsDto extends createZodDto(stats) {}

const listQuery = z.strictObject({
  state: z.enum(notificationStates).optional(),
  type: type.optional(),
  destination: destination.optional(),
  route: text(64).optional(),
  publisher: text(200).optional().describe('Fingerprint of the key that published it.'),
  before: storedId.optional().describe('`next` of the page before.'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export class QueueListQuery extends createZodDto(listQuery) {}

const listed = z.object({
  id: z.string(),
  type: z.string(),
  target: notificationTarget,
  destination: z.string().nullable(),
  guildId: z.string().nullable(),
  delivery: z.enum(deliveryModes),
  state: z.enum(notificationStates),
  heldBy: z.enum(holds).nullable(),
  priority: z.enum(priorities),
  route: z.string().nullable(),
  publisher: z.string(),
  attempts: count.describe('Tries that counted.'),
  reason: z.string().nullable(),
  createdAt: time,
  nextAttemptAt: time.nullable().describe('Only while it is pending.'),
  deliveredAt: time.nullable(),
  endedAt: time.nullable().describe('When it became dead, unknown or superseded.'),
});
const next = z
  .string()
  .nullable()
  .describe('`before` of the next page, null after the last. A page may be short, even empty, though there is one.');
export class QueueListDto extends createZodDto(z.object({ notifications: z.array(listed), next })) {}

const detailed = listed.extend({
  payload: z.unknown(),
  message: renderedMessage.nullable(),
  locale: z.enum(locales).nullable(),
  groupKey: z.string().nullable(),
  collapseKey: z.string().nullable(),
  idempotencyKey: z.string().nullable(),
  fallback: notificationTarget.nullable(),
  expiresAt: time.nullable(),
  supersededBy: z.string().nullable(),
  confirmedAt: time.nullable(),
  messageId: z.string().nullable().describe('Of the message in Discord.'),
  consumer: z.string().nullable().describe('Who took it last, if it is pulled and said so.'),
  leaseUntil: time.nullable(),
  tries: z.array(
    z.object({ attempt: count, at: time, outcome: z.enum(attemptOutcomes), reason: z.string().nullable() }),
  ),
});
export class QueueNotificationDto extends createZodDto(detailed) {}

export class RetriedDto extends createZodDto(z.object({ id: z.string(), state: z.literal('pending') })) {}

const redrive = z.strictObject({
  type: type.optional(),
  destination: destination.optional(),
  since: moment.optional().describe('Those that died at this time or later.'),
  priority: z
    .enum([...priorities, 'keep'])
    .default('low')
    .describe('That they get, so that new ones need not wait for all of them; keep: each its own.'),
});
export class RedriveDto extends createZodDto(redrive) {}

const purge = z.strictObject({
  state: z.enum(['dead', 'unknown', 'superseded']),
  olderThanDays: z.int().min(0).max(3_650).describe('Those that ended more days ago.'),
  type: type.optional(),
  destination: destination.optional(),
});
export class PurgeDto extends createZodDto(purge) {}

const job = z.object({
  id: z.string(),
  state: z.enum(['running', 'done', 'stopped']),
  total: count.describe('Notifications that it found when it began.'),
  done: count,
  skipped: count.describe('That could not be had, or have changed meanwhile.'),
  of: z.object({
    state: z.enum(['dead', 'unknown', 'superseded']),
    type: z.string().nullable(),
    destination: z.string().nullable(),
    since: time.nullable(),
    until: time.nullable(),
  }),
  priority: z.enum(priorities).nullable(),
  createdAt: time,
  endedAt: time.nullable(),
  links: z.object({ self: z.string() }),
});
export class QueueJobDto extends createZodDto(job) {}

import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { snowflake } from '../../domain/snowflake.js';
import { deliveryModes } from '../../queue/delivery-mode.js';

const mostEvents = 100;
const longestLease = 3_600;
const longestAge = 36_500;
const largestInteger = 2_147_483_647;

/** Digits alone: what is empty, negative, broken or not a number is refused rather than guessed. */
const wholeNumber = z.string().regex(/^\d+$/, 'must be a whole number, 0 or more').transform(Number);
const cutTo = (most: number) => wholeNumber.transform((number) => Math.min(number, most));
const upTo = (most: number) => wholeNumber.pipe(z.number().max(most, `must be at most ${most}`));

const limit = cutTo(mostEvents).default(50).describe('At most 100 are given; 0 gives none.');
const consumer = z
  .string()
  .regex(/^[\x20-\x7e]{1,100}$/, 'must be 1 to 100 printable ASCII characters')
  .optional();

export class EventsQuery extends createZodDto(
  z.object({
    limit,
    max_attempts: cutTo(largestInteger)
      .optional()
      .describe('Offers events with fewer failed tries, dead ones too; left out, all that are not dead.'),
    lease_seconds: upTo(longestLease)
      .optional()
      .describe(
        'Keeps the events from others and gives each a lease_token; 0 only looks. Left out: an implicit lease.',
      ),
    consumer: consumer.describe('Who asks, shown beside the event.'),
  }),
) {}

export class FailedEventsQuery extends createZodDto(
  z.object({
    limit,
    before: z
      .string()
      .regex(/^\d{1,18}$/, 'must be the id of an event')
      .optional()
      .describe('Those with lower ids, for the next page.'),
  }),
) {}

const leaseToken = z.uuid('must be the lease_token that came with the event').nullish();

export class ProcessedQuery extends createZodDto(z.object({ lease_token: leaseToken })) {}

/** A consumer sends no body here; one with a token may send it in either place. */
export const processedBody = z.object({ lease_token: leaseToken }).nullish();

export const failedBody = z
  .object({
    error_message: z.string().nullish(),
    permanent: z.boolean().nullish().describe('No other try can help. Left out, the text decides.'),
    lease_token: leaseToken,
  })
  .nullish()
  .meta({ description: 'Why it failed. Some texts say that no other try can help.' });
export class FailedBody extends createZodDto(failedBody.unwrap().unwrap()) {}

export class CleanupQuery extends createZodDto(z.object({ days: upTo(longestAge).default(7) })) {}

const userId = snowflake.describe('Digits as text: a JSON number would lose the last ones.');

/** Other fields are left alone: old publishers may send more. */
export class NewEvent extends createZodDto(
  z.object({
    user_id: userId,
    event_type: z
      .string()
      .regex(/^\P{C}{1,64}$/u, 'must be 1 to 64 characters without control characters')
      .refine((type) => type.trim() !== '', 'must not be blank'),
    payload: z.record(z.string(), z.unknown()),
    guild_id: snowflake.nullish().describe('The guild whose room sees the state of the delivery.'),
    delivery: z.enum(deliveryModes).nullish().describe('Who delivers it; QUEUE_DELIVERY unless given.'),
  }),
) {}

const text = z.string().nullish();
export class BackupFailure extends createZodDto(
  z.object({ user_id: userId, error_type: text, error_message: text, codespace_name: text, timestamp: text }),
) {}

const success = z.literal(true);
const timestamp = z.iso.datetime().describe('By the clock of the database.');
const eventId = z.int().positive();

export const queueEvent = z.object({
  id: eventId,
  user_id: z.string(),
  event_type: z.string(),
  payload: z.record(z.string(), z.unknown()),
  created_at: z.iso.datetime(),
  attempts: z.int().nonnegative().describe('Tries that failed.'),
  last_attempt: z.iso.datetime().nullable(),
  error_message: z.string().nullable(),
  lease_token: z.uuid().optional().describe('With `lease_seconds` alone: marks need it.'),
  lease_until: z.iso.datetime().optional(),
});
export type QueueEvent = z.infer<typeof queueEvent>;

export const inspectedEvent = queueEvent.omit({ lease_token: true }).extend({
  processed: z.boolean(),
  status: z.enum(['pending', 'leased', 'processed', 'failed']),
  delivery: z.enum(deliveryModes),
  consumer: z.string().nullable().describe('Who took it last, if it said so.'),
});
export type InspectedEvent = z.infer<typeof inspectedEvent>;

export class EventsDto extends createZodDto(
  z.object({ success, count: z.int(), events: z.array(queueEvent), timestamp }),
) {}
export class FailedEventsDto extends createZodDto(
  z.object({ success, count: z.int(), events: z.array(inspectedEvent), timestamp }),
) {}
export class EventDto extends createZodDto(z.object({ success, event: inspectedEvent, timestamp })) {}
export class NewEventDto extends createZodDto(z.object({ success, event_id: eventId })) {}
export class EventStatusDto extends createZodDto(
  z.object({ success, event_id: eventId, status: z.enum(['processed', 'failed', 'pending', 'deleted']) }),
) {}
export class NotifiedDto extends createZodDto(
  z.object({ success, status: z.literal('success'), message: z.string(), event_id: eventId }),
) {}
export class CleanupDto extends createZodDto(z.object({ success, deleted_count: z.int(), days: z.int() })) {}

const count = z.int().nonnegative();
export class StatsDto extends createZodDto(
  z.object({
    success,
    stats: z.object({
      total: count,
      pending: count.describe('All that are not processed, dead ones too.'),
      processed: count,
      failed: count.describe('Dead.'),
      deliverable: count,
      leased: count,
      oldest_pending_age_s: z.number().nullable(),
    }),
    config: z.object({
      user_id: z.boolean(),
      user_id_value: z.string().nullable(),
      webhook_url: z.boolean(),
      webhook_url_value: z.string().nullable(),
      codespace_name: z.string().nullable(),
      codespace_url: z.string().nullable(),
      is_valid: z.boolean(),
    }),
    sources: z
      .array(
        z.object({
          name: z.string(),
          total_polled: count,
          total_processed: count,
          total_failed: count,
          last_poll: z.iso.datetime().nullable(),
          last_error: z.string().nullable(),
        }),
      )
      .describe('The other queues whose events are delivered here.'),
    timestamp,
  }),
) {}
export class QueueHealthDto extends createZodDto(
  z.object({
    success: z.boolean(),
    status: z.enum(['healthy', 'unhealthy']),
    queue_available: z.boolean(),
    config_valid: z.boolean(),
    timestamp,
  }),
) {}
export class RefusalDto extends createZodDto(z.object({ success: z.literal(false), error: z.string() })) {}

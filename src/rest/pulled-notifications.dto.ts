import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import {
  locales,
  mentions,
  notificationStates,
  notificationTarget,
  priorities,
  renderedMessage,
} from '../domain/notification.js';

const leaseSeconds = z.int().min(1).max(3_600);
const leaseToken = z.uuid().describe('As it came with the notification.');

const claim = z.strictObject({
  limit: z.int().min(1).max(100).default(10),
  leaseSeconds: leaseSeconds.default(60).describe('How long the notifications are kept from others.'),
  consumer: z
    .string()
    .regex(/^[\x20-\x7e]{1,100}$/, 'must be 1 to 100 printable ASCII characters')
    .optional()
    .describe('Who asks, for people who look after the queue.'),
  // Clients with a patience of 15 seconds get their answer.
  wait: z.number().min(0).max(14).default(0).describe('Seconds to wait for the first notification to come.'),
});
export class ClaimDto extends createZodDto(claim) {}

const claimed = z.object({
  id: z.string(),
  type: z.string(),
  target: notificationTarget,
  payload: z.unknown(),
  message: renderedMessage.nullable().describe('Where it is there, it is to be sent as it is.'),
  mentions: mentions.nullable().describe('Whom alone the message may ring.'),
  priority: z.enum(priorities),
  locale: z.enum(locales).nullable(),
  guildId: z.string().nullable(),
  attempts: z.int().nonnegative().describe('Tries that failed.'),
  createdAt: z.iso.datetime(),
  leaseToken,
  leaseUntil: z.iso.datetime(),
});
export class ClaimedDto extends createZodDto(z.object({ notifications: z.array(claimed) })) {}

export class AckDto extends createZodDto(z.strictObject({ leaseToken })) {}

const acks = z.strictObject({
  notifications: z
    .array(z.strictObject({ id: z.string().max(32), leaseToken }))
    .min(1)
    .max(100),
});
export class AcksDto extends createZodDto(acks) {}

const acked = z.object({
  id: z.string(),
  state: z.literal('delivered').optional().describe('Left out where it was refused.'),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export class AckedDto extends createZodDto(z.object({ notifications: z.array(acked) })) {}

const nack = z.strictObject({
  leaseToken,
  reason: z.string().min(1).max(10_000),
  permanent: z.boolean().optional().describe('No other try can help. Left out, the reason decides.'),
});
export class NackDto extends createZodDto(nack) {}

export class ExtendDto extends createZodDto(z.strictObject({ leaseToken, leaseSeconds })) {}

export class SettledDto extends createZodDto(z.object({ id: z.string(), state: z.enum(notificationStates) })) {}
export class ExtendedDto extends createZodDto(z.object({ id: z.string(), leaseUntil: z.iso.datetime() })) {}

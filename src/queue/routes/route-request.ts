import { z } from 'zod';
import { locales, priorities, publishTarget } from '../../domain/notification.js';
import { snowflake } from '../../domain/snowflake.js';
import { deliveryModes } from '../delivery-mode.js';

export const routeName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'must be 1 to 64 of a-z, 0-9, ".", "_" and "-", and begin with a letter or digit',
  );

/** What an operator writes of a route. What a publisher asks for itself comes before it. */
export const routeRequest = z.strictObject({
  description: z
    .string()
    .regex(/^[^\p{Cc}\p{Cs}]{0,200}$/u, 'must be at most 200 characters, none of them a control character')
    .default(''),
  target: publishTarget.describe("Where it goes. A webhook's address is never shown again."),
  fallback: publishTarget.optional().describe('Where it goes instead when the target refuses it, or all tries failed.'),
  guildId: snowflake.optional().describe('The guild whose room sees the state of the delivery.'),
  delivery: z.enum(deliveryModes).optional().describe('Who delivers; QUEUE_DELIVERY unless given.'),
  priority: z.enum(priorities).optional(),
  locale: z.enum(locales).optional().describe('The language of what types write.'),
  floodLimit: z
    .int()
    .min(0)
    .max(100_000)
    .nullable()
    .optional()
    .describe('More of a kind within a window are told in a digest; 0: none are. QUEUE_FLOOD_LIMIT unless given.'),
  floodSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .nullable()
    .optional()
    .describe('How long such a window is; QUEUE_FLOOD_WINDOW_SECONDS unless given.'),
});
export type RouteRequest = z.infer<typeof routeRequest>;

/** Characters. */
const shortestSecret = 16;
const longestSecret = 256;

const day = 86_400;
const longestOverlap = 30 * day;

export const hookSecret = z.strictObject({
  secret: z
    .string()
    .min(shortestSecret)
    .max(longestSecret)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must not hold control characters')
    .describe('What the sender signs with. Never shown again.'),
  overlapSeconds: z
    .int()
    .min(0)
    .max(longestOverlap)
    .default(day)
    .describe('For how long the former secret is good too; 0 ends it at once.'),
});

import { z } from 'zod';
import { publishTarget } from '../domain/notification.js';
import { snowflake } from '../domain/snowflake.js';
import { deliveryModes } from './delivery-mode.js';

/** What a publisher asks for. */
export const publishRequest = z.strictObject({
  target: publishTarget.describe('Where it goes: to exactly one of a user, a channel and a webhook.'),
  type: z
    .string()
    .regex(/^[\w.:-]{1,64}$/, 'must be 1 to 64 letters, digits, "_", ".", ":" or "-"')
    .describe('Decides how it looks, such as `backup_error`. An unknown type is shown in a plain form.'),
  payload: z.record(z.string(), z.unknown()).describe('What the type tells of.'),
  guildId: snowflake.optional().describe('The guild whose room sees the state of the delivery.'),
  delivery: z
    .enum(deliveryModes)
    .optional()
    .describe('Whether Guildcast delivers it (push) or a consumer fetches it (pull); QUEUE_DELIVERY unless given.'),
});
export type PublishRequest = z.infer<typeof publishRequest>;

export const idempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
  .refine((key) => key.trim() !== '', 'must not be blank');

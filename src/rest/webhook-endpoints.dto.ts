import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

/** Seconds: thirty days. */
const longestOverlap = 2_592_000;

/** Postgres stores no NUL, and a URL is read without the others and would be kept with them. */
const oneLine = [/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold a control character'] as const;

const url = z
  .string()
  .min(1)
  .max(2_000)
  .regex(...oneLine)
  .describe('Where requests go, such as `https://example.com/hook`. It is shown to admins alone.');
const description = z
  .string()
  .trim()
  .max(200)
  .regex(...oneLine);

const newEndpoint = z.strictObject({ url, description: description.default('') });
export class NewWebhookEndpoint extends createZodDto(newEndpoint) {}

const endpointChange = z
  .strictObject({
    url: url.optional(),
    description: description.optional(),
    enabled: z.boolean().optional().describe('Notifications to an endpoint that is switched off end as dead.'),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'must change something');
export class WebhookEndpointChange extends createZodDto(endpointChange) {}

const rotation = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(longestOverlap)
    .default(86_400)
    .describe('How long requests are signed with the former secrets too.'),
});
export class WebhookSecretRotation extends createZodDto(rotation) {}

const shownSecret = z.object({
  fingerprint: z.string().describe('The first 12 hex digits of the SHA-256 of the secret as it was shown.'),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable().describe('Null for the newest.'),
});

const webhookEndpoint = z.object({
  id: z.string().describe('What publishers name: `"target": {"endpoint": "we_…"}`.'),
  url: z.string(),
  description: z.string(),
  enabled: z.boolean(),
  disabledReason: z.string().nullable().describe('Why Guildcast switched it off; null where an admin did.'),
  disabledAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  secrets: z.array(shownSecret).describe('Those that are good, newest first. The secrets themselves are never shown.'),
});
export class WebhookEndpointDto extends createZodDto(webhookEndpoint) {}

export class WebhookEndpointList extends createZodDto(z.object({ endpoints: z.array(webhookEndpoint) })) {}

const withSecret = webhookEndpoint.extend({
  secret: z.string().describe('`whsec_` and base64. Shown this once.'),
});
export class WebhookEndpointWithSecret extends createZodDto(withSecret) {}

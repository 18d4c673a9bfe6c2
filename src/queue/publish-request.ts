import { z } from 'zod';
import { moment } from '../domain/moment.js';
import {
  locales,
  mentions,
  priorities,
  publishTarget,
  type RenderedEmbed,
  renderedMessage,
} from '../domain/notification.js';
import { snowflake } from '../domain/snowflake.js';
import { deliveryModes } from './delivery-mode.js';
import { routeName } from './routes/route-request.js';

const typeName = z.string().regex(/^[\w.:-]{1,64}$/, 'must be 1 to 64 letters, digits, "_", ".", ":" or "-"');
const word = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, 'must be 1 to 128 characters, none of them a control character')
  .refine((text) => text.trim() !== '', 'must not be blank');

const readyMessage = renderedMessage.refine(
  ({ content, embeds = [] }) => Boolean(content?.trim()) || embeds.some(says),
  'must say something: content, or an embed with a text',
);

function says({ author, title, description, footer, fields = [] }: RenderedEmbed): boolean {
  return fields.length > 0 || [author, title, description, footer].some((text) => Boolean(text?.trim()));
}

/** The options of a notification, which a route may name too. */
const shape = z.strictObject({
  route: routeName
    .optional()
    .describe('A route of the operator in place of a target. What is said here comes before it.'),
  target: publishTarget.optional().describe('Where it goes: to exactly one of a user, a channel and a webhook.'),
  type: typeName
    .optional()
    .describe('Decides how it looks, such as `backup_error`. An unknown type is shown in a plain form.'),
  payload: z.record(z.string(), z.unknown()).optional().describe('What the type tells of.'),
  message: readyMessage.optional().describe('A message that is sent as it is, whatever the type.'),
  guildId: snowflake.optional().describe('The guild whose room sees the state of the delivery.'),
  delivery: z
    .enum(deliveryModes)
    .optional()
    .describe('Whether Guildcast delivers it (push) or a consumer fetches it (pull); QUEUE_DELIVERY unless given.'),
  priority: z.enum(priorities).optional().describe('Those of a higher one go first; `normal` unless given.'),
  notBefore: moment.optional().describe('It waits until then.'),
  expiresAt: moment.optional().describe('From then on nobody wants it any more: it ends dead instead of being tried.'),
  groupKey: word
    .optional()
    .describe("Notifications of one group go out one after the other, in their publisher's order."),
  collapseKey: word
    .optional()
    .describe('A newer notification of the same key takes the place of those that still wait.'),
  fallback: publishTarget.optional().describe('Where it goes instead when the target refuses it, or all tries failed.'),
  locale: z.enum(locales).optional().describe('The language of what the type writes.'),
  mentions: mentions
    .optional()
    .describe('Whom it rings, at its beginning; for keys that have the scope mention too. Nobody unless given.'),
});

type Checked = Pick<
  z.infer<typeof shape>,
  'route' | 'target' | 'type' | 'payload' | 'message' | 'notBefore' | 'expiresAt'
>;

function checkTogether(
  { route, target, type, payload, message, notBefore, expiresAt }: Checked,
  context: z.RefinementCtx,
): void {
  const refuse = (path: string, text: string) => context.addIssue({ code: 'custom', path: [path], message: text });
  if (target === undefined && route === undefined) refuse('target', 'is missing: give a target, or a route');
  if (target !== undefined && route !== undefined) refuse('route', 'cannot be given beside a target');
  if (type === undefined && message === undefined) refuse('type', 'is missing: give a type, or a ready message');
  if (payload === undefined && message === undefined)
    refuse('payload', 'is missing: give a payload, or a ready message');
  if (notBefore !== undefined && expiresAt !== undefined && Date.parse(expiresAt) <= Date.parse(notBefore)) {
    refuse('expiresAt', 'must be after notBefore');
  }
}

/** What a publisher asks for. */
export const publishRequest = shape.superRefine(checkTogether);
export type PublishRequest = z.infer<typeof publishRequest>;

export const idempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
  .refine((key) => key.trim() !== '', 'must not be blank');

/** Notifications of one batch. */
export const longestBatch = 100;

/** Stored together or not at all. Each may have an idempotency key of its own. */
export const publishBatch = z
  .array(shape.extend({ idempotencyKey: idempotencyKey.optional() }).superRefine(checkTogether))
  .min(1)
  .max(longestBatch);

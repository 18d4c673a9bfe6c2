import { z } from 'zod';
import { snowflake } from './snowflake.js';

const oneTarget = 'must hold exactly one of userId, channelId, webhookUrl and endpoint';

export const endpointId = z.string().regex(/^we_[\w-]{22}$/, 'must be the id of an endpoint: we_ and 22 letters');

/** What a publisher names: exactly one key, of one kind of delivery channel. */
export const publishTarget = z
  .strictObject({
    userId: snowflake.optional().describe('A Discord user, who gets a direct message.'),
    channelId: snowflake.optional().describe('A text channel or a thread that the bot may write into.'),
    webhookUrl: z.string().min(1).max(500).optional().describe("A webhook's address. Never shown again."),
    endpoint: endpointId.optional().describe('A server that an operator has made known: it gets a signed request.'),
  })
  .refine((target) => Object.values(target).filter((value) => value !== undefined).length === 1, oneTarget)
  .meta({ minProperties: 1, maxProperties: 1 });
export type PublishTarget = z.infer<typeof publishTarget>;

/** Where a notification goes, as it is kept and shown to its publisher: what is secret of it is kept elsewhere. */
export const notificationTarget = z.union([
  z.strictObject({ userId: snowflake }),
  z.strictObject({ channelId: snowflake }),
  z.strictObject({ webhookId: snowflake, threadId: snowflake.optional() }),
  z.strictObject({ endpoint: endpointId }),
]);
export type NotificationTarget = z.infer<typeof notificationTarget>;

/** What a room may hear of a target: who is notified is nobody else's business. */
export const targetKind = z.enum(['user', 'channel', 'webhook', 'endpoint']);
export type TargetKind = z.infer<typeof targetKind>;

export function targetKindOf(target: NotificationTarget): TargetKind {
  if ('userId' in target) return 'user';
  if ('channelId' in target) return 'channel';
  return 'endpoint' in target ? 'endpoint' : 'webhook';
}

/**
 * pending: waits for its time · leased: a worker is at it · delivered · dead: given up, with the reason · unknown: sent,
 * but whether it arrived cannot be known, and another try might make two of it · superseded: another one took its place.
 */
export const notificationStates = ['pending', 'leased', 'delivered', 'dead', 'unknown', 'superseded'] as const;
export type NotificationState = (typeof notificationStates)[number];

/** From the one that may wait to the one that nothing holds back. */
export const priorities = ['low', 'normal', 'high', 'critical'] as const;
export type Priority = (typeof priorities)[number];

/** Languages in which notifications are written. */
export const locales = ['es', 'en'] as const;
export type Locale = (typeof locales)[number];

/** Of users, and of roles: all of them stand in the text, which has room for 2000 characters. */
const mostMentioned = 20;
const mentioned = z
  .array(snowflake)
  .max(mostMentioned)
  .refine((ids) => new Set(ids).size === ids.length, 'must name nobody twice');

/** Whom a message rings. Each is named here: nothing that its texts say rings anybody. */
export const mentions = z
  .strictObject({
    users: mentioned.optional().describe('Ids of users.'),
    roles: mentioned.optional().describe('Ids of roles.'),
    everyone: z.literal(true).optional().describe('Everybody who may read there.'),
  })
  .refine(({ users, roles, everyone }) => everyone || users?.length || roles?.length, 'must name somebody');
export type Mentions = z.infer<typeof mentions>;

const embed = z.strictObject({
  author: z.string().optional(),
  title: z.string().optional(),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .optional()
    .describe('Where the title leads to.'),
  description: z.string().optional(),
  color: z.int().min(0).max(0xffffff).optional().describe('0xRRGGBB as a number.'),
  fields: z.array(z.strictObject({ name: z.string(), value: z.string(), inline: z.boolean().optional() })).optional(),
  footer: z.string().optional(),
  timestamp: z.iso.datetime({ offset: true }).optional(),
});
export type RenderedEmbed = z.infer<typeof embed>;

/**
 * A message as a delivery channel can send it: plain text, embeds, or both. Whoever sends cuts what is longer than
 * Discord allows.
 */
export const renderedMessage = z.strictObject({ content: z.string().optional(), embeds: z.array(embed).optional() });
export type RenderedMessage = z.infer<typeof renderedMessage>;

/** What became of one try to send. */
export type SendOutcome =
  /** `note` is for who reads the tries. */
  | { kind: 'sent'; messageId: string; note?: string }
  /**
   * Not this time. `burnsAttempt` is false where the fault was nobody's (rate limit, outage, bot not connected).
   * `mayHaveArrived`: no answer tells, so that another try relies on the receiver to know it again.
   */
  | {
      kind: 'retry';
      reason: string;
      burnsAttempt: boolean;
      retryAfterMs?: number;
      mayHaveArrived?: true;
      about?: 'message';
      gone?: true;
    }
  /**
   * Another message would be refused too, unless it is `about` this very message. `gone`, of an edit: the message cannot
   * be edited any more, and a new one may take its place.
   */
  | { kind: 'permanent'; reason: string; about?: 'message'; gone?: true }
  /** It went out, and no answer tells what became of it; only where a second try might make a second message. */
  | { kind: 'unknown'; reason: string };

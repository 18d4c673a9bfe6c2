import { z } from 'zod';
import { snowflake } from './snowflake.js';

/** Where a notification goes. One key for each kind of delivery channel. */
export const notificationTarget = z.strictObject({ userId: snowflake });
export type NotificationTarget = z.infer<typeof notificationTarget>;

/** What a room may hear of a target: who is notified is nobody else's business. */
export const targetKind = z.enum(['user']);
export type TargetKind = z.infer<typeof targetKind>;

export function targetKindOf(_target: NotificationTarget): TargetKind {
  return 'user';
}

/**
 * pending: waits for its time · leased: a worker is at it · delivered · dead: given up, with the reason.
 */
export const notificationStates = ['pending', 'leased', 'delivered', 'dead'] as const;
export type NotificationState = (typeof notificationStates)[number];

/** A message as a delivery channel can send it: plain text, an embed, or both. Limits are Discord's. */
export interface RenderedMessage {
  content?: string;
  embed?: {
    title?: string;
    description?: string;
    /** 0xRRGGBB */
    color?: number;
    fields?: { name: string; value: string; inline?: boolean }[];
    footer?: string;
    /** ISO 8601 */
    timestamp?: string;
  };
}

/** What became of one try to send. */
export type SendOutcome =
  | { kind: 'sent'; messageId: string }
  /** Not this time. `burnsAttempt` is false where the fault was nobody's (rate limit, outage, bot not connected). */
  | { kind: 'retry'; reason: string; burnsAttempt: boolean; retryAfterMs?: number }
  | { kind: 'permanent'; reason: string };

import { type Mentions, type RenderedMessage, type SendOutcome } from '../domain/notification.js';

/** Whoever knows the token may write: it is a secret. */
export interface Webhook {
  id: string;
  token: string;
  /** A thread of the webhook's channel. */
  threadId?: string;
}

/** Writes by webhook, which needs no bot. Never throws for what Discord answers. */
export abstract class WebhookSender {
  /** Undefined for what is not the address of a webhook of this Discord. */
  abstract read(url: string): Webhook | undefined;

  /**
   * Webhooks know no nonce, so that a second call is a second message: the outcome is `unknown` where Discord may have
   * taken the message and its answer was lost.
   */
  abstract send(webhook: Webhook, message: RenderedMessage, mentions?: Mentions): Promise<SendOutcome>;

  /** Replaces an earlier message of the webhook's. The same edit twice is the same message; its outcome may be `gone`. */
  abstract edit(webhook: Webhook, messageId: string, message: RenderedMessage): Promise<SendOutcome>;
}

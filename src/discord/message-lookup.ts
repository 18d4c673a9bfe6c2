import { type RenderedMessage } from '../domain/notification.js';

/**
 * found: the bot has written it there · absent: it has not · unclear: the bot may not read there, or there is too much
 * to read · later: Discord cannot be asked now.
 */
export type MessageSearch =
  | { kind: 'found'; messageId: string }
  | { kind: 'absent' }
  | { kind: 'unclear' }
  | { kind: 'later'; reason: string; retryAfterMs?: number };

/** Looks for a message that the bot may have sent. Never throws for what Discord answers. */
export abstract class MessageLookup {
  /** `since`: when it may have been sent, at the earliest. */
  abstract find(
    place: { userId: string } | { channelId: string },
    message: RenderedMessage,
    since: Date,
  ): Promise<MessageSearch>;
}

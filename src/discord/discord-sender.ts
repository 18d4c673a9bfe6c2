import { type Mentions, type RenderedMessage, type SendOutcome } from '../domain/notification.js';

/**
 * The bot's hand: sends as Discord allows and says what became of it. Never throws for what Discord answers. A message rings
 * nobody but whom `mentions` name and its text names too.
 */
export abstract class DiscordSender {
  /**
   * Sends a direct message. `nonce` (at most 25 characters) makes a second call with the same text the same message,
   * where Discord still remembers the first.
   */
  abstract sendToUser(
    userId: string,
    message: RenderedMessage,
    nonce: string,
    mentions?: Mentions,
  ): Promise<SendOutcome>;

  /** Into a channel or a thread of a guild; `nonce` as above. */
  abstract sendToChannel(
    channelId: string,
    message: RenderedMessage,
    nonce: string,
    mentions?: Mentions,
  ): Promise<SendOutcome>;

  /** Replaces an earlier message of the bot's. The same edit twice is the same message; its outcome may be `gone`. */
  abstract editInChannel(
    place: { channelId: string; messageId: string },
    message: RenderedMessage,
  ): Promise<SendOutcome>;

  /** Likewise among the direct messages of a user. */
  abstract editForUser(place: { userId: string; messageId: string }, message: RenderedMessage): Promise<SendOutcome>;
}

import { type RenderedMessage, type SendOutcome } from '../domain/notification.js';

/** The bot's hand: sends as Discord allows and says what became of it. Never throws for what Discord answers. */
export abstract class DiscordSender {
  /**
   * Sends a direct message. `nonce` (at most 25 characters) makes a second call with the same text the same message,
   * where Discord still remembers the first. Mentions in the message notify nobody.
   */
  abstract sendToUser(userId: string, message: RenderedMessage, nonce: string): Promise<SendOutcome>;
}

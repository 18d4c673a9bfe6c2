/** Hears what Discord tells of messages that we may have sent: by the bot itself, or by a webhook. Must not throw. */
export abstract class SentMessages {
  /** By this very bot, whichever of its processes sent it. */
  abstract botWrote(message: { messageId: string; nonce: string }): void;

  /** By any webhook. `print` as in `message-print.ts`; empty where the bot may not read what it says. */
  abstract webhookWrote(message: {
    messageId: string;
    webhookId: string;
    channelId: string;
    print: string;
    writtenAt: Date;
  }): void;
}

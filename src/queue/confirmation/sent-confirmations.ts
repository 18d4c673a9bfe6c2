import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { printOfRendered } from '../../discord/message-print.js';
import { SentMessages } from '../../discord/sent-messages.js';
import { targetKindOf } from '../../domain/notification.js';
import { NotificationAnnouncer } from '../notification-announcer.js';
import { NotificationRenderer } from '../types/notification-renderer.js';
import {
  type ConfirmedNotification,
  ConfirmationRepository,
  type WebhookCandidate,
} from './confirmation.repository.js';

type BotEcho = Parameters<SentMessages['botWrote']>[0];
type WebhookEcho = Parameters<SentMessages['webhookWrote']>[0];

/** Milliseconds in which messages gather, so that many cost one statement; longer while the database is away. */
const gathering = 100;
const patience = 2_000;
/** Messages of one statement, and of all that wait: what is more is not confirmed. */
const batch = 500;
const mostWaiting = 10_000;
/**
 * Milliseconds that Discord's clock may be ahead of ours: a message that was written later than its notification was
 * given up is another one of the same text.
 */
const clockMargin = 60_000;

/** As our own are: whatever else writes as this bot may use others. */
const ourNonce = /^[\w-]{1,25}$/;

/** Confirms notifications whose messages Discord tells of. */
@Injectable()
export class SentConfirmations extends SentMessages implements BeforeApplicationShutdown {
  private readonly logger = new Logger(SentConfirmations.name);
  private byBot: BotEcho[] = [];
  private byWebhook: WebhookEcho[] = [];
  private timer?: NodeJS.Timeout;
  private working: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(
    private readonly repository: ConfirmationRepository,
    private readonly announcer: NotificationAnnouncer,
    private readonly renderer: NotificationRenderer,
  ) {
    super();
  }

  /** When the workers have ended, of whose last messages it hears too. Without the database the rest is not confirmed. */
  async beforeApplicationShutdown(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.working;
    try {
      while (this.waits) await this.work();
    } catch (error) {
      this.logger.warn(`Messages are not confirmed: ${String(error)}`);
    }
  }

  botWrote(echo: BotEcho): void {
    if (!ourNonce.test(echo.nonce)) return;
    if (this.byBot.length < mostWaiting) this.byBot.push(echo);
    this.workSoon(gathering);
  }

  webhookWrote(echo: WebhookEcho): void {
    if (this.byWebhook.length < mostWaiting) this.byWebhook.push(echo);
    this.workSoon(gathering);
  }

  private get waits(): boolean {
    return this.byBot.length + this.byWebhook.length > 0;
  }

  private workSoon(delay: number): void {
    if (this.ended) return;
    this.timer ??= setTimeout(() => {
      this.working = this.work()
        .then(() => true)
        .catch((error: unknown) => {
          this.logger.warn(`Messages wait to be confirmed: ${String(error)}`);
          return false;
        })
        .then((done) => {
          this.timer = undefined;
          if (this.waits) this.workSoon(done ? 0 : patience);
        });
    }, delay);
  }

  private async work(): Promise<void> {
    const bots = this.byBot.slice(0, batch);
    if (bots.length > 0) {
      this.tell(
        await this.repository.confirm(
          'nonce',
          bots.map(({ nonce, messageId }) => ({ key: nonce, messageId })),
        ),
      );
      this.byBot = this.byBot.slice(bots.length);
    }
    const hooks = this.byWebhook.slice(0, batch);
    if (hooks.length > 0) {
      await this.confirmWebhooks(hooks);
      this.byWebhook = this.byWebhook.slice(hooks.length);
    }
  }

  /** By id, by what they say, and by id again: an answer of Discord's may have been settled in between. */
  private async confirmWebhooks(echoes: readonly WebhookEcho[]): Promise<void> {
    const left = await this.confirmKnown(echoes);
    if (left.length === 0) return;
    const candidates = await this.repository.candidates(left);
    const matches = candidates.length > 0 ? this.matchesOf(left, candidates) : [];
    if (matches.length > 0) this.tell(await this.repository.confirm('id', matches));
    const matched = new Set(matches.map(({ messageId }) => messageId));
    const unmatched = left.filter(({ messageId }) => !matched.has(messageId));
    if (unmatched.length > 0) await this.confirmKnown(unmatched);
  }

  /** Answers those whose id no notification has. */
  private async confirmKnown(echoes: readonly WebhookEcho[]): Promise<WebhookEcho[]> {
    const keys = echoes.map(({ messageId }) => ({ key: messageId, messageId }));
    const confirmed = await this.repository.confirm('messageId', keys);
    const known = new Set(confirmed.map(({ messageId }) => messageId));
    return echoes.filter(({ messageId }) => !known.has(messageId));
  }

  private tell(confirmed: readonly ConfirmedNotification[]): void {
    for (const { id, guildId, nonce, type, target, state, former, attempts } of confirmed) {
      if (state === former) continue;
      this.logger.log(`Notification ${id} (${type}) is delivered after all: Discord told of its message`);
      if (guildId === null) continue;
      this.announcer.tell(guildId, nonce, 'delivered', { id, type, target: targetKindOf(target), attempts });
    }
  }

  /** Each message is one notification's at most: the first that says the same. */
  private matchesOf(echoes: readonly WebhookEcho[], candidates: readonly WebhookCandidate[]) {
    const open = candidates.map((candidate) => ({ candidate, print: this.printOf(candidate) }));
    return echoes.flatMap(({ messageId, webhookId, channelId, print, writtenAt }) => {
      if (print === '') return [];
      const at = open.findIndex(
        ({ candidate, print: wanted }) =>
          wanted === print &&
          candidate.webhookId === webhookId &&
          (candidate.threadId === null || candidate.threadId === channelId) &&
          (candidate.givenUpAt === null || writtenAt.getTime() < candidate.givenUpAt.getTime() + clockMargin),
      );
      return at < 0 ? [] : [{ key: open.splice(at, 1)[0]!.candidate.id, messageId }];
    });
  }

  private printOf(candidate: WebhookCandidate): string {
    try {
      return printOfRendered(this.renderer.render(candidate, new Date()));
    } catch {
      return '';
    }
  }
}

import {
  backupError,
  type BackupError,
  backupSuccess,
  type BackupSuccess,
  codespaceStatus,
  type CodespaceStatus,
  minecraftStatus,
  type MinecraftStatus,
} from './event-payloads.js';
import { type LetterDefaults, writeLetter } from './letter.js';
import { type Notification, type Published, type PublishOptions } from './notification.js';
import { type Flushed, Outbox } from './outbox.js';
import { PublishError, type PublishFailure } from './publish-error.js';
import { type PublisherStatus, statusOf } from './publisher-status.js';
import { type ResolvedSettings } from './publisher-settings.js';
import { Spool } from './spool/spool.js';
import { backupReportIn, MegacmdWebhook } from './wire/megacmd-webhook.js';
import { Sender } from './wire/sender.js';

/** Failures after which nobody keeps the notification. */
const unkept: readonly PublishFailure[] = ['not-configured', 'unreachable', 'spool-full', 'spool-unwritable'];

/**
 * Publishes notifications to one Guildcast. What `publish` and its like answer has happened; whatever else happened is a
 * rejection with a PublishError. Notifications of one publisher go out in the order of the calls.
 */
export class Publisher {
  private readonly outbox?: Outbox;
  private readonly spool?: Spool;
  private readonly webhook?: MegacmdWebhook;
  private readonly defaults: LetterDefaults;

  constructor(private readonly settings: ResolvedSettings) {
    const { url, key, spool, webhook, timeoutMs, wire, target, route, codespaceName } = settings;
    this.defaults = { wire, target, route, codespaceName };
    if (webhook) this.webhook = new MegacmdWebhook(webhook, timeoutMs);
    if (spool && url !== undefined) this.spool = new Spool(spool, url);
    if (url === undefined || key === undefined) return;
    this.outbox = new Outbox(new Sender({ url, key, timeoutMs }), this.spool, settings);
  }

  /** Sent as `backup_error`. */
  backupError(event: BackupError, options?: PublishOptions): Promise<Published> {
    return this.publish({ ...options, ...backupError(event) });
  }

  /** Sent as `backup_success`. */
  backupSuccess(event: BackupSuccess, options?: PublishOptions): Promise<Published> {
    return this.publish({ ...options, ...backupSuccess(event) });
  }

  /** Sent as `minecraft_status`. */
  minecraftStatus(event: MinecraftStatus, options?: PublishOptions): Promise<Published> {
    return this.publish({ ...options, ...minecraftStatus(event) });
  }

  /** Sent as `codespace_status`. */
  codespaceStatus(event: CodespaceStatus, options?: PublishOptions): Promise<Published> {
    return this.publish({ ...options, ...codespaceStatus(event) });
  }

  /**
   * Any type, or a ready message. `codespace_name` and `timestamp` are added to the payload unless they are there.
   * @throws PublishError (as a rejection): then Guildcast has not taken it, and nothing will be sent later
   */
  async publish(notification: Notification): Promise<Published> {
    // Before anything waits: the caller may change what it gave right after the call.
    const letter = writeLetter(notification, this.defaults);
    try {
      return await this.ready().bring(letter);
    } catch (error) {
      const report = backupReportIn(letter);
      const lost = error instanceof PublishError && unkept.includes(error.code);
      if (!lost || report === undefined || this.webhook === undefined) throw error;
      // Old notifiers' own way, for a failed backup that nobody would hear of.
      const fault = await this.webhook.report(report, letter.idempotencyKey);
      if (fault === undefined) return { state: 'fallback' };
      throw new PublishError(error.code, `${error.message} Nor did the webhook take it: ${fault}.`, { cause: error });
    }
  }

  /** One notification, now: past the spool and past the fallback, so that the answer tells how Guildcast stands. */
  async sendTest(options: PublishOptions = {}): Promise<Published> {
    const payload = { title: 'Guildcast', message: 'Notifications of this publisher arrive.' };
    const letter = writeLetter({ ...options, type: 'publisher_test', payload }, this.defaults);
    return this.ready().bringNow(letter);
  }

  /** Whether there are an address, a key and somebody to send it to: `options` as for `publish`. */
  isEnabled({ target, route }: Pick<PublishOptions, 'target' | 'route'> = {}): boolean {
    const place = target ?? route ?? this.settings.target ?? this.settings.route;
    return this.outbox !== undefined && place !== undefined;
  }

  /** How things stand; shows no secret. */
  status(): Promise<PublisherStatus> {
    return statusOf(this.settings, this.isEnabled(), { spool: this.spool, trouble: this.outbox?.trouble });
  }

  /** Sends what is in the spool now, and tells what became of it. */
  async flush(): Promise<Flushed> {
    return this.ready().flush();
  }

  /** Waits for what is under way and stops. What is in the spool stays there for the next program that uses it. */
  async close(): Promise<void> {
    await this.outbox?.close();
  }

  private ready(): Outbox {
    if (this.outbox) return this.outbox;
    const missing = this.settings.url === undefined ? 'GUILDCAST_URL' : 'GUILDCAST_KEY';
    throw new PublishError('not-configured', `${missing} is not set.`);
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { type DomainEventMap } from '../domain/events/index.js';
import { targetKindOf } from '../domain/notification.js';
import { EventLog } from '../event-log/event-log.js';
import { type SupersededNotification } from './notification.repository.js';

type NotificationEvent = 'accepted' | 'delivered' | 'retrying' | 'unknown' | 'dead' | 'superseded' | 'off';
type Data = DomainEventMap['notification.accepted'];

/**
 * Tells the guild's room what becomes of its notifications, each one's states in their order. Best effort: a log that
 * is slow or away holds up neither the publisher nor the delivery.
 */
@Injectable()
export class NotificationAnnouncer {
  private readonly logger = new Logger(NotificationAnnouncer.name);
  /** The last thing to tell of a notification, by its nonce; only while it is untold. */
  private readonly untold = new Map<string, Promise<void>>();

  constructor(private readonly log: EventLog) {}

  /**
   * `insertion` is still under way: a worker may deliver the row before its publisher hears that it was stored, and the
   * room must hear of the acceptance first all the same.
   */
  accepting(guildId: string, nonce: string, insertion: Promise<Data | undefined>): void {
    this.enqueue(nonce, async () => {
      const data = await insertion.catch(() => undefined);
      if (data) await this.log.append({ type: 'notification.accepted', guildId, data });
    });
  }

  tell(guildId: string, nonce: string, event: Exclude<NotificationEvent, 'accepted'>, data: Data): void {
    this.enqueue(nonce, async () => {
      await this.log.append({ type: `notification.${event}`, guildId, data });
    });
  }

  tellSuperseded(rows: readonly SupersededNotification[]): void {
    for (const { id, guildId, nonce, type, target, attempts, reason } of rows) {
      const data = { id, type, attempts, target: targetKindOf(target), reason: reason ?? undefined };
      this.tell(guildId, nonce, 'superseded', data);
    }
  }

  private enqueue(nonce: string, task: () => Promise<void>): void {
    const told = (this.untold.get(nonce) ?? Promise.resolve())
      .then(task)
      .catch((error: unknown) => this.logger.warn(`The room was not told of a notification: ${String(error)}`))
      .finally(() => {
        if (this.untold.get(nonce) === told) this.untold.delete(nonce);
      });
    this.untold.set(nonce, told);
  }
}

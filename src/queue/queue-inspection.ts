import { Inject, Injectable } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { type NotificationState, targetKindOf } from '../domain/notification.js';
import { type DeliveryMode } from './delivery-mode.js';
import {
  type Inspected,
  type InspectedNotification,
  InspectionRepository,
  type QueueCounts,
} from './inspection.repository.js';
import { NotificationAnnouncer } from './notification-announcer.js';
import { notificationNotFound, storedId } from './notification-id.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { reachDatabase } from './reach-database.js';

/** Rows of one statement: short enough to hold up nobody. */
const deletionBatch = 1_000;

const whyNot: Partial<Record<NotificationState, string>> = {
  delivered: 'has been delivered already',
  superseded: 'has given way to a newer one',
};

/** What there is in the queue for people, and what operators do about it. Faults: `service.unavailable`, and as said. */
@Injectable()
export class QueueInspection {
  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly repository: InspectionRepository,
    private readonly announcer: NotificationAnnouncer,
  ) {}

  /** Who delivers what does not say so itself. */
  get mode(): DeliveryMode {
    return this.config.QUEUE_DELIVERY ?? 'push';
  }

  /** The database's clock. */
  now(): Promise<Date> {
    return reachDatabase(this.repository.now());
  }

  counts(): Promise<Inspected<QueueCounts>> {
    return reachDatabase(this.repository.count());
  }

  /** Fault `notification.not_found`. */
  async find(id: string): Promise<Inspected<InspectedNotification>> {
    const { at, found } = await reachDatabase(this.repository.find(storedId(id)));
    if (!found) throw notificationNotFound();
    return { at, found };
  }

  /** Those that were given up, newest first; with `before`, those older than that id. */
  dead(limit: number, before?: string): Promise<Inspected<InspectedNotification[]>> {
    return reachDatabase(this.repository.dead(limit, before));
  }

  /** Tries anew with all tries. Faults `notification.not_found`, `request.conflict` (delivered, or being delivered). */
  async retry(id: string): Promise<void> {
    const renewed = await reachDatabase(this.repository.retry(storedId(id)));
    if (!renewed) {
      const { found } = await this.find(id);
      throw new Fault(
        'request.conflict',
        `This notification ${whyNot[found.state] ?? 'is being delivered right now'}.`,
      );
    }
    const { guildId, nonce, type, target, notBefore } = renewed;
    if (guildId === null) return;
    this.announcer.tell(guildId, nonce, 'retrying', {
      id: renewed.id,
      type,
      target: targetKindOf(target),
      attempts: 0,
      nextAttemptAt: notBefore.toISOString(),
    });
  }

  /** Fault `notification.not_found`. */
  async remove(id: string): Promise<void> {
    if (!(await reachDatabase(this.repository.remove(storedId(id))))) throw notificationNotFound();
  }

  /** Deletes what was delivered and was published more than `days` ago; answers how many. */
  async deleteDelivered(days: number): Promise<number> {
    let total = 0;
    for (;;) {
      const deleted = await reachDatabase(this.repository.deleteDelivered(days, deletionBatch));
      total += deleted;
      if (deleted < deletionBatch) return total;
    }
  }
}

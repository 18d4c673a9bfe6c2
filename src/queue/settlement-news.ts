import { Injectable, Logger } from '@nestjs/common';
import { targetKindOf } from '../domain/notification.js';
import { type ClaimedNotification, type Settled, type Settlement } from './lease.repository.js';
import { NotificationAnnouncer } from './notification-announcer.js';
import { QueueMetrics } from './queue.metrics.js';

/** Tells how a try ended: the measurements, the log where it is the end, and the room of the notification's guild. */
@Injectable()
export class SettlementNews {
  private readonly logger = new Logger(SettlementNews.name);

  constructor(
    private readonly metrics: QueueMetrics,
    private readonly announcer: NotificationAnnouncer,
  ) {}

  /** What was wanted of the row, and what became of it. */
  tell(notification: ClaimedNotification, { outcome, reason }: Settlement, settled: Settled): void {
    const { id, type, target, guildId, nonce } = notification;
    const { state, attempts, latency } = settled;
    this.metrics.attempted(outcome);
    if (latency !== undefined) this.metrics.delivered(latency);
    if (state === 'dead') this.logger.warn(`Notification ${id} (${type}) is dead: ${reason}`);
    if (state === 'unknown') this.logger.warn(`Nobody knows whether notification ${id} (${type}) arrived: ${reason}`);
    if (guildId === null) return;
    const event = state === 'pending' ? 'retrying' : state;
    const nextAttemptAt = settled.nextAttemptAt?.toISOString();
    this.announcer.tell(guildId, nonce, event, {
      id,
      type,
      target: targetKindOf(target),
      attempts,
      nextAttemptAt,
      reason,
    });
  }
}

import { Injectable } from '@nestjs/common';
import { notificationStates } from '../domain/notification.js';
import { type CountedMetric, Metrics } from '../telemetry/metrics.js';
import { type Settlement } from './lease.repository.js';
import { NotificationRepository } from './notification.repository.js';

/** Milliseconds: the table may be long, and several scrapers may ask. */
const countLifetime = 5_000;

/** What this process's tries came to. A try whose process fell silent is noted in the database, not here. */
const outcomes = ['sent', 'failed', 'postponed', 'refused', 'expired', 'unknown'] as const;
type Outcome = Settlement['outcome'];

/** How many notifications wait, and what becomes of them. */
@Injectable()
export class QueueMetrics {
  private readonly attempts: CountedMetric<{ outcome: typeof outcomes }>;
  private counted: { at: number; counts: ReturnType<NotificationRepository['countByState']> } | undefined;

  constructor(
    private readonly repository: NotificationRepository,
    metrics: Metrics,
  ) {
    this.attempts = metrics.counter({
      name: 'guildcast_notification_attempts_total',
      help: 'Tries of this process to deliver a notification, by what they came to.',
      labels: { outcome: outcomes },
    });
    metrics.readAtScrape(
      {
        name: 'guildcast_notifications',
        help: 'Notifications in the database, of all processes; finished ones until QUEUE_RETENTION_DAYS are over.',
        labels: { state: notificationStates },
      },
      async () => {
        const counts = await this.count();
        return notificationStates.map((state) => ({ labels: { state }, value: counts[state] }));
      },
    );
  }

  attempted(outcome: Outcome): void {
    this.attempts.inc({ outcome });
  }

  /** By state; counted at most some seconds ago. */
  count(): ReturnType<NotificationRepository['countByState']> {
    if (this.counted === undefined || performance.now() - this.counted.at > countLifetime) {
      this.counted = { at: performance.now(), counts: this.repository.countByState() };
      // A failure is not kept: the next scrape asks again.
      this.counted.counts.catch(() => (this.counted = undefined));
    }
    return this.counted.counts;
  }
}

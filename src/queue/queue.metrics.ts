import { Injectable } from '@nestjs/common';
import { type NotificationState, notificationStates } from '../domain/notification.js';
import { type CountedMetric, Metrics, type TimedMetric } from '../telemetry/metrics.js';
import { type DeliveryMode, deliveryModes } from './delivery-mode.js';
import { type Settlement } from './lease.repository.js';
import { countByState, oldestSeconds, type Standing, TallyRepository } from './operations/tally.repository.js';

/** Milliseconds: much may wait, and several scrapers may ask. */
const countLifetime = 5_000;

/** What this process's tries came to. A try whose process fell silent is noted in the database, not here. */
const outcomes = ['sent', 'failed', 'postponed', 'refused', 'expired', 'unknown'] as const;
type Outcome = Settlement['outcome'];
/** What ended a worker's sleep: the statement that published, or the clock. */
const wakers = ['notify', 'time'] as const;
/** Who deleted: the retention, a purge, or an operator otherwise. */
const deleters = ['retention', 'purge', 'operator'] as const;
/** Seconds: from a worker that was woken at once to the last try of the schedule. */
const latencies = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1_800, 7_200, 28_800, 86_400];

/** How many notifications wait and for how long, and what becomes of them. */
@Injectable()
export class QueueMetrics {
  private readonly attempts: CountedMetric<{ outcome: typeof outcomes }>;
  private readonly expiries: CountedMetric<{ delivery: typeof deliveryModes }>;
  private readonly deletions: CountedMetric<{ by: typeof deleters }>;
  private readonly wakeups: CountedMetric<{ by: typeof wakers }>;
  private readonly latency: TimedMetric;
  private looked: { at: number; standing: Promise<Standing> } | undefined;

  constructor(
    private readonly repository: TallyRepository,
    metrics: Metrics,
  ) {
    this.attempts = metrics.counter({
      name: 'guildcast_notification_attempts_total',
      help: 'Tries of this process to deliver a notification, by what they came to.',
      labels: { outcome: outcomes },
    });
    this.expiries = metrics.counter({
      name: 'guildcast_notification_lease_expiries_total',
      help: 'Notifications taken back by this process from workers or consumers that fell silent.',
      labels: { delivery: deliveryModes },
    });
    this.deletions = metrics.counter({
      name: 'guildcast_notifications_deleted_total',
      help: 'Notifications that this process deleted.',
      labels: { by: deleters },
    });
    this.wakeups = metrics.counter({
      name: 'guildcast_queue_wakeups_total',
      help: 'Times that the worker of this process was woken by what was published, or looked since it was time.',
      labels: { by: wakers },
    });
    this.latency = metrics.histogram({
      name: 'guildcast_notification_latency_seconds',
      help: 'From the acceptance of a notification to its delivery, with all that was asked for or happened in between.',
      buckets: latencies,
    });
    metrics.readAtScrape(
      {
        name: 'guildcast_notifications',
        help: 'Notifications in the database, of all processes; ended ones until their retention is over.',
        labels: { state: notificationStates },
      },
      async () => {
        const counts = await this.count();
        return notificationStates.map((state) => ({ labels: { state }, value: counts[state] }));
      },
    );
    metrics.readAtScrape(
      {
        name: 'guildcast_notification_oldest_waiting_seconds',
        help: 'Age of the oldest notification that has not ended; 0 when none waits.',
        labels: {},
      },
      async () => [{ labels: {}, value: oldestSeconds((await this.standing()).tallies) ?? 0 }],
    );
  }

  attempted(outcome: Outcome): void {
    this.attempts.inc({ outcome });
  }

  leasesExpired(delivery: DeliveryMode, count: number): void {
    this.expiries.inc({ delivery }, count);
  }

  deleted(by: (typeof deleters)[number], count: number): void {
    this.deletions.inc({ by }, count);
  }

  woken(by: (typeof wakers)[number]): void {
    this.wakeups.inc({ by });
  }

  /** `seconds` after it was accepted. */
  delivered(seconds: number): void {
    this.latency.observe(seconds);
  }

  /** By state; counted at most some seconds ago. */
  async count(): Promise<Record<NotificationState, number>> {
    return countByState((await this.standing()).tallies);
  }

  private standing(): Promise<Standing> {
    if (this.looked === undefined || performance.now() - this.looked.at > countLifetime) {
      this.looked = { at: performance.now(), standing: this.repository.standing() };
      // A failure is not kept: the next scrape asks again.
      this.looked.standing.catch(() => (this.looked = undefined));
    }
    return this.looked.standing;
  }
}

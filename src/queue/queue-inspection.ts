import { Inject, Injectable } from '@nestjs/common';
import { Fault } from '../domain/fault.js';
import { type NotificationState, targetKindOf } from '../domain/notification.js';
import { type DeliveryMode } from './delivery-mode.js';
import {
  type Inspected,
  type InspectedNotification,
  type InspectedStanding,
  InspectionRepository,
  type RetriedNotification,
} from './inspection.repository.js';
import { NotificationAnnouncer } from './notification-announcer.js';
import { notificationNotFound, storedId } from './notification-id.js';
import { countByState, oldestSeconds, TallyRepository } from './operations/tally.repository.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { QueueMetrics } from './queue.metrics.js';
import { reachDatabase } from './reach-database.js';

/** Rows of one statement: short enough to hold up nobody. */
const deletionBatch = 1_000;

const whyNot: Partial<Record<NotificationState, string>> = {
  delivered: 'has been delivered already',
  superseded: 'has given way to a newer one',
  leased: 'is being delivered right now',
};
const obstacles = {
  closed: 'goes to a target whose secret is gone: publish it again',
  outdated: 'has been followed by a newer one with its collapse key',
};

/** Of notifications for people. */
export interface QueueCounts {
  total: number;
  delivered: number;
  dead: number;
  /** Not delivered, dead ones among them. */
  undelivered: number;
  /** To be had now: due, or under a lease that is over. */
  deliverable: number;
  leased: number;
  /** Seconds since the oldest that is neither delivered nor dead was published; null when there is none. */
  oldestSeconds: number | null;
}

/** What there is in the queue for people, and what operators do about it. Faults: `service.unavailable`, and as said. */
@Injectable()
export class QueueInspection {
  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly repository: InspectionRepository,
    private readonly tallies: TallyRepository,
    private readonly announcer: NotificationAnnouncer,
    private readonly metrics: QueueMetrics,
  ) {}

  /** Who delivers what does not say so itself. */
  get mode(): DeliveryMode {
    return this.config.QUEUE_DELIVERY ?? 'push';
  }

  /** The database's clock. */
  now(): Promise<Date> {
    return reachDatabase(this.repository.now());
  }

  async counts(): Promise<Inspected<QueueCounts>> {
    const { at, tallies } = await reachDatabase(this.tallies.standing());
    const people = tallies.filter(({ kind }) => kind === 'user');
    const counts = countByState(people);
    const total = people.reduce((sum, { count }) => sum + count, 0);
    return {
      at,
      found: {
        total,
        delivered: counts.delivered,
        dead: counts.dead,
        undelivered: total - counts.delivered,
        deliverable: people.reduce((sum, { deliverable }) => sum + deliverable, 0),
        leased: people.reduce((sum, { running }) => sum + running, 0),
        oldestSeconds: oldestSeconds(people),
      },
    };
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

  /**
   * Tries anew with all tries. With `usersOnly`, only what is for people is known.
   * Faults `notification.not_found`, `request.conflict` (delivered, superseded, being delivered, or there is an obstacle).
   */
  async retry(id: string, usersOnly = true): Promise<void> {
    const renewed = await reachDatabase(this.repository.retry(storedId(id), usersOnly));
    if (!renewed) throw conflict(await this.standing(id, usersOnly));
    this.tell(renewed);
    if (renewed.state !== 'pending') throw conflict({ state: renewed.state, obstacle: null });
  }

  /** The room hears that a notification is tried anew, or how it has ended instead. */
  tell({ id, guildId, nonce, type, target, state, notBefore }: RetriedNotification): void {
    if (guildId === null) return;
    this.announcer.tell(guildId, nonce, state === 'pending' ? 'retrying' : state, {
      id,
      type,
      target: targetKindOf(target),
      attempts: 0,
      nextAttemptAt: state === 'pending' ? notBefore.toISOString() : undefined,
    });
  }

  /** In whatever state it is. Fault `notification.not_found`. */
  async remove(id: string): Promise<void> {
    if (!(await reachDatabase(this.repository.remove(storedId(id), { usersOnly: true })))) throw notificationNotFound();
    this.metrics.deleted('operator', 1);
  }

  /** Faults `notification.not_found`, `request.conflict` (it is being delivered). */
  async removeIdle(id: string): Promise<void> {
    const removed = await reachDatabase(this.repository.remove(storedId(id), { idle: true }));
    if (!removed) throw conflict(await this.standing(id, false));
    this.metrics.deleted('operator', 1);
  }

  /** Deletes what was delivered and was published more than `days` ago; answers how many. */
  async deleteDelivered(days: number): Promise<number> {
    let total = 0;
    let after = '0';
    for (;;) {
      const { deleted, last } = await reachDatabase(this.repository.deleteDelivered(days, after, deletionBatch));
      total += deleted;
      this.metrics.deleted('operator', deleted);
      if (last === undefined) return total;
      after = last;
    }
  }

  private async standing(id: string, usersOnly: boolean): Promise<InspectedStanding> {
    const standing = await reachDatabase(this.repository.standing(storedId(id), usersOnly));
    if (!standing) throw notificationNotFound();
    return standing;
  }
}

function conflict({ state, obstacle }: InspectedStanding): Fault {
  const why = whyNot[state] ?? (obstacle === null ? 'has just changed: ask again' : obstacles[obstacle]);
  return new Fault('request.conflict', `This notification ${why}.`);
}

import { Injectable } from '@nestjs/common';
import { type NotificationState, notificationStates } from '../../domain/notification.js';
import { notificationNotFound, storedId } from '../notification-id.js';
import { reachDatabase } from '../reach-database.js';
import { type DetailedNotification, type Listed, ListingRepository, type ListPage } from './listing.repository.js';
import { countByState, oldestSeconds, type Tally, TallyRepository } from './tally.repository.js';

/** Why pending notifications are not offered. */
export const holds = ['group', 'paused', 'off', 'digest'] as const;

export interface QueueStats {
  /** The database's clock. */
  at: Date;
  states: Record<NotificationState, number>;
  /** By the kind of target, those with any. */
  kinds: { kind: string; states: Record<NotificationState, number> }[];
  /** Of those that wait, the most frequent types. */
  types: { type: string; waiting: number }[];
  deliverable: number;
  /** Under a lease that is not over. */
  leased: number;
  held: Record<(typeof holds)[number], number>;
  oldestWaitingSeconds: number | null;
  lastHour: { delivered: number; dead: number; unknown: number };
}

/** What operators look at. Faults: `service.unavailable`, and as said. */
@Injectable()
export class QueueOperations {
  constructor(
    private readonly tallies: TallyRepository,
    private readonly listing: ListingRepository,
  ) {}

  async stats(): Promise<QueueStats> {
    const [{ at, tallies, types }, hour] = await reachDatabase(
      Promise.all([this.tallies.standing(), this.tallies.lastHour()]),
    );
    const kinds = [...new Set(tallies.map(({ kind }) => kind))].sort();
    const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
    const held = (hold: Tally['hold']) => sum((tally) => (tally.hold === hold ? tally.count : 0));
    return {
      at,
      states: countByState(tallies),
      kinds: kinds
        .map((kind) => ({ kind, states: countByState(tallies.filter((tally) => tally.kind === kind)) }))
        .filter(({ states }) => notificationStates.some((state) => states[state] !== 0)),
      types,
      deliverable: sum(({ deliverable }) => deliverable),
      leased: sum(({ running }) => running),
      held: { group: held('group'), paused: held('paused'), off: held('off'), digest: held('digest') },
      oldestWaitingSeconds: oldestSeconds(tallies),
      lastHour: { delivered: hour.delivered ?? 0, dead: hour.dead ?? 0, unknown: hour.unknown ?? 0 },
    };
  }

  /** Newest first; a page may be short though `next` says that there is more. */
  list(page: ListPage): Promise<Listed> {
    return reachDatabase(this.listing.list(page));
  }

  /** Fault `notification.not_found`. */
  async find(id: string): Promise<DetailedNotification> {
    const found = await reachDatabase(this.listing.find(storedId(id)));
    if (!found) throw notificationNotFound();
    return found;
  }
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { plannedLimit, prepared } from '../database/prepared-statements.js';
import { Fault } from '../domain/fault.js';
import { type NotificationState, type NotificationTarget, targetKindOf } from '../domain/notification.js';
import { type DeliveryMode } from './delivery-mode.js';
import { NotificationAnnouncer } from './notification-announcer.js';
import { notificationNotFound, storedId } from './notification-id.js';
import { QueueMetrics } from './queue.metrics.js';
import { reachDatabase } from './reach-database.js';

export interface Ack {
  id: string;
  leaseToken: string;
}

/** What became of an acknowledgement: `refused` is `notification.not_found` or `request.conflict`. */
export interface Acked {
  id: string;
  refused?: Fault;
}

interface Standing {
  id: string;
  delivery: DeliveryMode;
  state: NotificationState;
  leaseToken: string | null;
}

/** Of rows that no room hears of, no more is answered than the figures take. */
const acknowledging = (count: number) =>
  prepared(
    `WITH settled AS (
     UPDATE notifications AS n
     SET state = 'delivered', attempts = attempts + 1, reason = NULL, lease_until = NULL, lease_batch = NULL,
         delivered_at = now(), dead_at = NULL, fallback_secret = NULL
     -- In one order, lest two batches wait for each other.
     FROM (SELECT * FROM unnest($1::bigint[], $2::uuid[]) AS ack (id, token) ORDER BY id LIMIT ${plannedLimit(count)}) AS ack
     -- The list says the same again, lest a plan that was made for an empty table looks at all rows.
     WHERE n.id = ack.id AND n.id = ANY ($1::bigint[]) AND n.lease_token = ack.token AND n.delivery = 'pull' AND n.delivered_at IS NULL
     RETURNING n.id, guild_id, target, type, nonce, attempts, extract(epoch FROM now() - created_at)::float8 AS latency
   ), noted AS (
     INSERT INTO notification_attempts (notification_id, attempt, outcome) SELECT id, attempts, 'sent' FROM settled
   )
   SELECT id, guild_id AS "guildId", CASE WHEN guild_id IS NOT NULL THEN target END AS target, type, nonce, attempts, latency
   FROM settled ORDER BY id`,
  );

interface Delivered {
  id: string;
  guildId: string | null;
  /** Null without a guild. */
  target: NotificationTarget | null;
  type: string;
  nonce: string;
  attempts: number;
  /** Seconds from its publication. */
  latency: number;
}

/** What consumers have delivered, many at once: one statement, whatever their number. */
@Injectable()
export class PullAcks {
  constructor(
    private readonly database: DataSource,
    private readonly announcer: NotificationAnnouncer,
    private readonly metrics: QueueMetrics,
  ) {}

  /**
   * Each for itself, in the order of `acks`: one that is refused does not stop the others. A repeated one with the same
   * token is no fault.
   * @throws Fault `service.unavailable`
   */
  async acknowledge(acks: readonly Ack[]): Promise<Acked[]> {
    const known = acks.filter(({ id }) => isStorable(id));
    const delivered = new Set<string>();
    for (const row of await reachDatabase(this.settle(known))) {
      delivered.add(row.id);
      this.metrics.attempted('sent');
      this.metrics.delivered(row.latency);
      const { id, type, attempts, target } = row;
      if (row.guildId === null || target === null) continue;
      this.announcer.tell(row.guildId, row.nonce, 'delivered', {
        id,
        type,
        target: targetKindOf(target),
        attempts,
      });
    }
    const others = known.filter(({ id }) => !delivered.has(id));
    const standings = others.length > 0 ? await reachDatabase(this.standingsOf(others)) : new Map<string, Standing>();
    return acks.map((ack) => {
      if (delivered.has(ack.id)) return { id: ack.id };
      const refused = refusalOf(ack, standings.get(ack.id));
      return refused === undefined ? { id: ack.id } : { id: ack.id, refused };
    });
  }

  /** The rows that were marked; what a token does not fit is left alone. */
  private settle(acks: readonly Ack[]): Promise<Delivered[]> {
    return this.database.query(acknowledging(acks.length), [
      acks.map(({ id }) => id),
      acks.map(({ leaseToken }) => leaseToken),
    ]);
  }

  private async standingsOf(acks: readonly Ack[]): Promise<Map<string, Standing>> {
    const rows: Standing[] = await this.database.query(
      `SELECT id, delivery, state, lease_token AS "leaseToken" FROM notifications WHERE id = ANY ($1::bigint[])`,
      [acks.map(({ id }) => id)],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }
}

function isStorable(id: string): boolean {
  try {
    return storedId(id) === id;
  } catch {
    return false;
  }
}

function refusalOf({ leaseToken }: Ack, standing: Standing | undefined): Fault | undefined {
  if (standing === undefined) return notificationNotFound();
  if (standing.delivery === 'push') {
    return new Fault('request.conflict', 'This notification is delivered by the service itself, not by consumers.');
  }
  if (standing.state !== 'delivered') {
    return new Fault('request.conflict', 'This lease is over: the notification may have been given to another.');
  }
  // The answer to the first one was lost.
  if (standing.leaseToken === leaseToken) return undefined;
  return new Fault('request.conflict', 'This notification has been delivered already.');
}

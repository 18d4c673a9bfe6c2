import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type NotificationState } from '../domain/notification.js';
import { type DeliveryMode } from './delivery-mode.js';
import { wakeChannel } from './notification.repository.js';
import { type MarkedNotification, marked, type PulledNotification, userRows } from './pull.repository.js';

/** A notification for a person, as an operator sees it. */
export interface InspectedNotification extends Omit<
  PulledNotification,
  'leaseToken' | 'message' | 'priority' | 'locale'
> {
  delivery: DeliveryMode;
  state: NotificationState;
  consumer: string | null;
}

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

export interface Inspected<T> {
  /** The database's clock. */
  at: Date;
  found: T;
}

const fields = `id, guild_id AS "guildId", target, type, payload, state, delivery, attempts, consumer, reason,
  created_at AS "createdAt", lease_until AS "leaseUntil",
  (SELECT max(at) FROM notification_attempts WHERE notification_id = notifications.id) AS "lastAttemptAt"`;

/** What operators look up and set right, of pushed and pulled rows alike. Each method is one statement. */
@Injectable()
export class InspectionRepository {
  constructor(private readonly database: DataSource) {}

  async now(): Promise<Date> {
    const [row]: { now: Date }[] = await this.database.query('SELECT now()');
    return row?.now ?? new Date();
  }

  async find(id: string): Promise<Inspected<InspectedNotification | undefined>> {
    const { at, found } = await this.answer('id = $1', [id]);
    return { at, found: found[0] };
  }

  /** Newest first, those before the id `before`. */
  async dead(limit: number, before: string | undefined): Promise<Inspected<InspectedNotification[]>> {
    return this.answer(`state = 'dead' AND id < $2`, [limit, before ?? '9223372036854775807'], 'LIMIT $1');
  }

  async count(): Promise<Inspected<QueueCounts>> {
    const rows: (QueueCounts & { now: Date })[] = await this.database.query(
      `SELECT now(), count(*)::float8 AS total,
         (count(*) FILTER (WHERE state = 'delivered'))::float8 AS delivered,
         (count(*) FILTER (WHERE state = 'dead'))::float8 AS dead,
         (count(*) FILTER (WHERE state <> 'delivered'))::float8 AS undelivered,
         (count(*) FILTER (WHERE state = 'pending' AND not_before <= now()
                              OR state = 'leased' AND lease_until <= now()))::float8 AS deliverable,
         (count(*) FILTER (WHERE state = 'leased' AND lease_until > now()))::float8 AS leased,
         extract(epoch FROM now() - min(created_at) FILTER (WHERE state IN ('pending', 'leased')))::float8
           AS "oldestSeconds"
       FROM notifications WHERE true ${userRows}`,
    );
    const [row] = rows;
    if (!row) throw new Error('Postgres answered an aggregate without a row');
    const { now, ...found } = row;
    return { at: now, found };
  }

  /** As if it had never been tried. Undefined when it is not there, delivered, superseded, or being delivered. */
  async retry(id: string): Promise<MarkedNotification | undefined> {
    const rows: MarkedNotification[] = await this.database.query(
      `WITH renewed AS (
         UPDATE notifications
         SET state = 'pending', attempts = 0, reason = NULL, not_before = now(), dead_at = NULL,
             lease_token = NULL, lease_batch = NULL, lease_until = NULL, expires_at = NULL
         WHERE id = $1 AND state NOT IN ('delivered', 'superseded') AND NOT (state = 'leased' AND lease_until > now()) ${userRows}
         RETURNING *
       ), rung AS (SELECT pg_notify('${wakeChannel}', '') FROM renewed)
       SELECT ${marked} FROM renewed JOIN rung ON true`,
      [id],
    );
    return rows[0];
  }

  /** Whether there was one. */
  async remove(id: string): Promise<boolean> {
    const [, deleted]: [unknown[], number] = await this.database.query(
      `DELETE FROM notifications WHERE id = $1 ${userRows}`,
      [id],
    );
    return deleted > 0;
  }

  /** Deletes up to `limit` delivered ones that were published more than `days` ago; answers how many. */
  async deleteDelivered(days: number, limit: number): Promise<number> {
    const [, deleted]: [unknown[], number] = await this.database.query(
      `DELETE FROM notifications WHERE id IN (
         SELECT id FROM notifications
         WHERE state = 'delivered' AND created_at < now() - make_interval(days => $1) ${userRows}
         ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
       )`,
      [days, limit],
    );
    return deleted;
  }

  private async answer(
    condition: string,
    parameters: unknown[],
    end = '',
  ): Promise<Inspected<InspectedNotification[]>> {
    // One row at least, for the time.
    const rows: ({ now: Date; id: string | null } & Omit<InspectedNotification, 'id'>)[] = await this.database.query(
      `SELECT now(), found.* FROM (SELECT) AS always LEFT JOIN (
         SELECT ${fields} FROM notifications WHERE ${condition} ${userRows} ORDER BY notifications.id DESC ${end}
       ) AS found ON true ORDER BY found.id DESC`,
      parameters,
    );
    const at = rows[0]?.now ?? new Date();
    return { at, found: rows.flatMap(({ now: _now, id, ...row }) => (id === null ? [] : [{ id, ...row }])) };
  }
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type NotificationState } from '../domain/notification.js';
import { type DeliveryMode } from './delivery-mode.js';
import { wakeChannel } from './notification.repository.js';
import { obstacle, type Obstacle, renewal } from './operations/renewal.js';
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

/** Superseded where its collapse key has come again, delivered where Discord has told of its message. */
export type RetriedNotification = Omit<MarkedNotification, 'state'> & {
  state: 'pending' | 'superseded' | 'delivered';
};

export interface InspectedStanding {
  state: NotificationState;
  /** Why it cannot be tried again, once it has ended. */
  obstacle: Obstacle | null;
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

  /**
   * As if it had never been tried. Undefined when it is not there, delivered, superseded, or being delivered, or when it
   * ended and there is an obstacle. One whose process fell silent may come to its end instead: see its state.
   */
  async retry(id: string, usersOnly: boolean): Promise<RetriedNotification | undefined> {
    const rows: RetriedNotification[] = await this.database.query(
      `WITH renewed AS (
         UPDATE notifications SET ${renewal}
         WHERE id = $1 AND state NOT IN ('delivered', 'superseded') AND NOT (state = 'leased' AND lease_until > now())
           AND (state IN ('pending', 'leased') OR ${obstacle} IS NULL) ${usersOnly ? userRows : ''}
         RETURNING *
       ), rung AS (SELECT pg_notify('${wakeChannel}', '') FROM renewed)
       SELECT ${marked} FROM renewed JOIN rung ON true`,
      [id],
    );
    return rows[0];
  }

  /** How a row stands, for whoever wants to know why it was left alone. */
  async standing(id: string, usersOnly: boolean): Promise<InspectedStanding | undefined> {
    const rows: InspectedStanding[] = await this.database.query(
      `SELECT state, ${obstacle} AS obstacle FROM notifications WHERE id = $1 ${usersOnly ? userRows : ''}`,
      [id],
    );
    return rows[0];
  }

  /** Whether one was deleted. With `idle`, one that is being delivered is not. */
  async remove(id: string, { usersOnly = false, idle = false } = {}): Promise<boolean> {
    const [, deleted]: [unknown[], number] = await this.database.query(
      `DELETE FROM notifications WHERE id = $1 ${usersOnly ? userRows : ''}
         ${idle ? `AND NOT (state = 'leased' AND lease_until > now())` : ''}`,
      [id],
    );
    return deleted > 0;
  }

  /**
   * Looks at the `limit` oldest rows after the id `after` and deletes those that were delivered and published more than
   * `days` ago. `last` is the newest that was looked at, undefined when all that are old enough have been.
   */
  async deleteDelivered(days: number, after: string, limit: number): Promise<{ deleted: number; last?: string }> {
    const rows: { deleted: number; last: string | null }[] = await this.database.query(
      `WITH looked_at AS (
         SELECT id, state, created_at < now() - make_interval(days => $1) AS old FROM notifications
         WHERE id > $2 ORDER BY id LIMIT $3
       ), chosen AS (
         SELECT id FROM notifications
         WHERE id IN (SELECT id FROM looked_at WHERE old AND state = 'delivered') AND state = 'delivered' ${userRows}
         FOR UPDATE SKIP LOCKED
       ), deleted AS (DELETE FROM notifications WHERE id IN (SELECT id FROM chosen) RETURNING id)
       SELECT (SELECT count(*) FROM deleted)::float8 AS deleted,
         (SELECT max(id) FROM looked_at HAVING count(*) = $3 AND (array_agg(old ORDER BY id DESC))[1]) AS last`,
      [days, after, limit],
    );
    return { deleted: rows[0]?.deleted ?? 0, last: rows[0]?.last ?? undefined };
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

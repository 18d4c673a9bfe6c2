import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type NotificationState, type NotificationTarget } from '../domain/notification.js';
import { type DeliveryMode } from './delivery-mode.js';
import { type AttemptOutcome, NotificationEntity } from './notification.entity.js';

/** Rung at the commit of every statement that makes a notification due. */
export const wakeChannel = 'guildcast_notifications';

export interface NewNotification {
  target: NotificationTarget;
  /** What nobody may read again, such as the token of a webhook; gone when the notification is done with. */
  secret?: string;
  type: string;
  /** JSON text that jsonb accepts. */
  payload: string;
  guildId?: string;
  publisher: string;
  nonce: string;
  idempotency?: { key: string; hash: string };
  delivery: DeliveryMode;
}

/** The right to settle a notification. The token is a fence: whoever claims the row later holds another one. */
interface Lease {
  id: string;
  leaseToken: string;
}

export interface ClaimedNotification extends Lease {
  guildId: string | null;
  target: NotificationTarget;
  secret: string | null;
  type: string;
  payload: Record<string, unknown>;
  /** Tries that counted, among them those of processes that fell silent. */
  attempts: number;
  /** Fixed for the life of the row, so that Discord takes a repeated send for the first one. */
  nonce: string;
  /** An earlier try noted that it goes out, and nobody noted what became of it. */
  begun: boolean;
}

/** What becomes of a claimed notification, and what is noted of the try. */
export interface Settlement {
  state: Exclude<NotificationState, 'leased'>;
  outcome: Exclude<AttemptOutcome, 'abandoned'>;
  /** Seconds until the next try, for `pending`. */
  delay?: number;
  reason?: string;
  messageId?: string;
}

interface Settled {
  attempts: number;
  /** For `pending`. */
  nextAttemptAt?: Date;
}

/** The table of notifications. Each method is one statement, and every time in it is of the database's clock. */
@Injectable()
export class NotificationRepository {
  constructor(private readonly database: DataSource) {}

  /** Undefined when the publisher has used the idempotency key before. */
  async insert(notification: NewNotification): Promise<{ id: string } | undefined> {
    const { target, secret, type, payload, guildId, publisher, nonce, idempotency, delivery } = notification;
    const rows: { id: string }[] = await this.database.query(
      `WITH inserted AS (
         INSERT INTO notifications
           (target, type, payload, guild_id, publisher, nonce, idempotency_key, idempotency_hash, target_secret,
            delivery)
         VALUES ($1::jsonb, $2, $3::jsonb, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (publisher, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
         RETURNING id
       )
       SELECT id, pg_notify('${wakeChannel}', '') FROM inserted`,
      [
        JSON.stringify(target),
        type,
        payload,
        guildId ?? null,
        publisher,
        nonce,
        idempotency?.key ?? null,
        idempotency?.hash ?? null,
        secret ?? null,
        delivery,
      ],
    );
    return rows[0] && { id: rows[0].id };
  }

  async findByKey(publisher: string, key: string): Promise<NotificationEntity | null> {
    return this.notifications.findOneBy({ publisher, idempotencyKey: key });
  }

  /** With its tries, oldest first. */
  async find(id: string): Promise<NotificationEntity | null> {
    return this.notifications.findOne({
      where: { id },
      relations: { tries: true },
      order: { tries: { id: 'ASC' } },
    });
  }

  /**
   * Takes up to `limit` pushed notifications for `leaseSeconds`: first those whose lease ran out (which counts as a try, or
   * one that kills its process would be offered for ever), then the due ones. No row goes to two callers.
   */
  async claim(limit: number, leaseSeconds: number): Promise<ClaimedNotification[]> {
    // Both subqueries stop after `limit` entries of a partial index, however many rows wait or are done. A limit that
    // is computed would make the planner expect a tenth of the table.
    return this.database.query(
      `WITH expired AS (
         SELECT id FROM notifications WHERE state = 'leased' AND delivery = 'push' AND lease_until <= now()
         ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED
       ), due AS (
         SELECT id FROM notifications WHERE state = 'pending' AND delivery = 'push' AND not_before <= now()
         ORDER BY not_before, id LIMIT $1 FOR UPDATE SKIP LOCKED
       ), claimed AS (
         UPDATE notifications
         SET state = 'leased', attempts = attempts + (CASE state WHEN 'leased' THEN 1 ELSE 0 END),
             lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $2)
         WHERE id IN (SELECT id FROM expired UNION ALL SELECT id FROM due LIMIT $1)
         RETURNING id, guild_id, target, target_secret, type, payload, attempts, nonce, lease_token, begun_at
       ), noted AS (
         INSERT INTO notification_attempts (notification_id, attempt, outcome, reason)
         SELECT id, attempts, 'abandoned', 'the process that tried fell silent'
         FROM claimed WHERE id IN (SELECT id FROM expired)
       )
       SELECT id, guild_id AS "guildId", target, target_secret AS secret, type, payload, attempts, nonce,
              lease_token AS "leaseToken", begun_at IS NOT NULL AS begun
       FROM claimed ORDER BY claimed.id`,
      [limit, leaseSeconds],
    );
  }

  /** Notes that a notification goes out now, for those that must not go out twice. False when the lease is lost. */
  async begin({ id, leaseToken }: Lease): Promise<boolean> {
    const [, changed]: [unknown[], number] = await this.database.query(
      `UPDATE notifications SET begun_at = now() WHERE id = $1 AND lease_token = $2`,
      [id, leaseToken],
    );
    return changed > 0;
  }

  /** Prolongs leases; answers the ids of those that were still held. */
  async extend(leases: Lease[], leaseSeconds: number): Promise<Set<string>> {
    const [rows]: [{ id: string }[], number] = await this.database.query(
      `UPDATE notifications SET lease_until = now() + make_interval(secs => $3)
       FROM unnest($1::bigint[], $2::uuid[]) AS lease (id, token)
       WHERE notifications.id = lease.id AND lease_token = lease.token
       RETURNING notifications.id`,
      [leases.map((lease) => lease.id), leases.map((lease) => lease.leaseToken), leaseSeconds],
    );
    return new Set(rows.map((row) => row.id));
  }

  /** Offers claimed notifications again at once, as if they had not been claimed. */
  async giveBack(leases: Lease[]): Promise<void> {
    await this.database.query(
      `WITH freed AS (
         UPDATE notifications SET state = 'pending', lease_token = NULL, lease_until = NULL
         FROM unnest($1::bigint[], $2::uuid[]) AS lease (id, token)
         WHERE notifications.id = lease.id AND lease_token = lease.token
         RETURNING notifications.id
       )
       SELECT pg_notify('${wakeChannel}', '') FROM freed LIMIT 1`,
      [leases.map((lease) => lease.id), leases.map((lease) => lease.leaseToken)],
    );
  }

  /**
   * Ends the lease with what became of the notification and notes the try. Undefined, and nothing done, when the lease
   * has gone to another. Postponed tries in a row are one note with the time of the last: an outage of any length
   * leaves one row.
   */
  async settle(lease: Lease, settlement: Settlement): Promise<Settled | undefined> {
    const { state, outcome, delay, reason, messageId } = settlement;
    const rows: { attempts: number; not_before: Date }[] = await this.database.query(
      `WITH held AS (
         UPDATE notifications
         SET state = $3, attempts = attempts + (CASE $4 WHEN 'postponed' THEN 0 ELSE 1 END),
             not_before = CASE $3 WHEN 'pending' THEN now() + make_interval(secs => $5) ELSE not_before END,
             reason = $6, message_id = $7, lease_token = NULL, lease_until = NULL, begun_at = NULL,
             target_secret = CASE $3 WHEN 'pending' THEN target_secret END,
             delivered_at = CASE $3 WHEN 'delivered' THEN now() END,
             dead_at = CASE WHEN $3 IN ('dead', 'unknown') THEN now() END
         WHERE id = $1 AND lease_token = $2
         RETURNING id, attempts, not_before
       ), latest AS (
         SELECT id, outcome FROM notification_attempts WHERE notification_id = $1 ORDER BY id DESC LIMIT 1
       ), renewed AS (
         UPDATE notification_attempts SET at = now(), reason = $6
         WHERE $4 = 'postponed'
           AND id = (SELECT latest.id FROM latest, held WHERE latest.outcome = 'postponed')
         RETURNING id
       ), noted AS (
         INSERT INTO notification_attempts (notification_id, attempt, outcome, reason)
         SELECT id, attempts + (CASE $4 WHEN 'postponed' THEN 1 ELSE 0 END), $4, $6
         FROM held WHERE NOT EXISTS (SELECT FROM renewed)
       )
       SELECT attempts, not_before FROM held`,
      [lease.id, lease.leaseToken, state, outcome, delay ?? 0, reason ?? null, messageId ?? null],
    );
    const row = rows[0];
    return row && { attempts: row.attempts, nextAttemptAt: state === 'pending' ? row.not_before : undefined };
  }

  /** Seconds until the next pushed row falls due or loses its lease, negative if one has; undefined when none waits. */
  async secondsUntilDue(): Promise<number | undefined> {
    const rows: { seconds: number | null }[] = await this.database.query(
      `SELECT extract(epoch FROM least(
         (SELECT min(not_before) FROM notifications WHERE state = 'pending' AND delivery = 'push'),
         (SELECT min(lease_until) FROM notifications WHERE state = 'leased' AND delivery = 'push')
       ) - now())::float8 AS seconds`,
    );
    return rows[0]?.seconds ?? undefined;
  }

  /** How many notifications are in each state. */
  async countByState(): Promise<Record<NotificationState, number>> {
    const rows: { state: NotificationState; count: number }[] = await this.database.query(
      'SELECT state, count(*)::float8 AS count FROM notifications GROUP BY state',
    );
    const counts = { pending: 0, leased: 0, delivered: 0, dead: 0, unknown: 0 };
    for (const { state, count } of rows) counts[state] = count;
    return counts;
  }

  /** Deletes up to `limit` notifications that were delivered or given up more than `days` ago; answers how many. */
  async deleteFinished(days: number, limit: number): Promise<number> {
    const [, deleted]: [unknown[], number] = await this.database.query(
      `DELETE FROM notifications WHERE id IN (
         SELECT id FROM notifications
         WHERE state IN ('delivered', 'dead', 'unknown') AND coalesce(delivered_at, dead_at) < now() - make_interval(days => $1)
         ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
       )`,
      [days, limit],
    );
    return deleted;
  }

  private get notifications() {
    return this.database.getRepository(NotificationEntity);
  }
}

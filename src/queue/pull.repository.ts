import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { plannedLimit, prepared } from '../database/prepared-statements.js';
import {
  type Locale,
  type Mentions,
  type NotificationState,
  type NotificationTarget,
  type Priority,
  type RenderedMessage,
} from '../domain/notification.js';
import { type DeliveryMode } from './delivery-mode.js';
import { priorityName, timeOver, wakeChannel } from './notification.repository.js';

/** Which pulled rows somebody asks for. */
export interface PullSelection {
  limit: number;
  /** Offers rows with fewer counted tries, also those that are dead for us; left out, all that are not dead. */
  maxAttempts?: number;
  /** Rows for people alone, the only ones that the event queue dialect knows. */
  usersOnly?: boolean;
}

/** How long rows are kept from others. A batch is known by its id alone; without one, each row gets a token as fence. */
export interface PullLease {
  seconds: number;
  batch?: string;
  consumer?: string;
}

export interface PulledNotification {
  id: string;
  guildId: string | null;
  target: NotificationTarget;
  type: string;
  payload: unknown;
  /** Ready to be sent as it is. */
  message: RenderedMessage | null;
  mentions: Mentions | null;
  priority: Priority;
  locale: Locale | null;
  /** Tries that counted, among them those of consumers that fell silent. */
  attempts: number;
  createdAt: Date;
  lastAttemptAt: Date | null;
  reason: string | null;
  /** Of claims that named their lease. */
  leaseToken: string | null;
  leaseUntil: Date | null;
}

/** What a consumer says became of a notification. */
export interface Mark {
  outcome: 'sent' | 'failed' | 'refused';
  reason?: string;
  /** Of a named lease. Without one, the mark counts unless somebody holds a named lease. */
  token?: string;
  usersOnly?: boolean;
  /** Seconds by which a mark prolongs the other leases of the batch. */
  batchSeconds: number;
  /** The wait after the first, second, … counted failure, in seconds; after the last there is none: dead. */
  delays: readonly number[];
}

/** A row as a mark or a lost lease left it, with what its room is told. */
export interface MarkedNotification {
  id: string;
  guildId: string | null;
  target: NotificationTarget;
  type: string;
  nonce: string;
  state: 'pending' | 'delivered' | 'dead';
  attempts: number;
  notBefore: Date;
  reason: string | null;
  /** Seconds from its publication to its delivery. */
  latency: number | null;
}

interface PullStanding {
  delivery: DeliveryMode;
  state: NotificationState;
  leaseToken: string | null;
}

export interface PullAnswer {
  /** The database's clock. */
  at: Date;
  rows: PulledNotification[];
}

/** Rows for people alone. */
export const userRows = `AND jsonb_typeof(target -> 'userId') = 'string'`;
/** The columns of `MarkedNotification`. */
export const marked = `id, guild_id AS "guildId", target, type, nonce, state, attempts, not_before AS "notBefore", reason,
  extract(epoch FROM delivered_at - created_at)::float8 AS latency`;
/** Of `mark`: the row ends dead, and has another target to turn to. */
const turns = `(outcome = 'dead' AND n.fallback IS NOT NULL)`;
/** Why a row was taken back. */
export const silent = 'the consumer that took it fell silent';
/** What becomes a `Pulled`. */
const pulled =
  'id, guild_id, target, type, payload, message, mentions, priority, locale, attempts, created_at, reason, lease_token';
type Pulled = Omit<PulledNotification, 'leaseUntil'>;
/** Expired leases of one statement. */
const expiryBatch = 1_000;

/**
 * The rows that consumers fetch. Each method is one statement, and every time in it is of the database's clock. Rows of
 * a named lease have `lease_token`, those of an implicit one the `lease_batch` they were given in.
 */
@Injectable()
export class PullRepository {
  constructor(private readonly database: DataSource) {}

  /** Takes due rows, lowest id first. No row goes to two callers while its lease lasts. */
  async claim(selection: PullSelection, lease: PullLease): Promise<PullAnswer> {
    const { at, rows } = await this.answer(
      `WITH ${candidates(selection, 'FOR UPDATE SKIP LOCKED')}, given AS (
         UPDATE notifications
         SET state = 'leased', lease_until = now() + make_interval(secs => $3), lease_batch = $4::uuid, consumer = $5,
             lease_token = CASE WHEN $4::uuid IS NULL THEN gen_random_uuid() END
         WHERE id IN (SELECT id FROM candidates)
         RETURNING ${pulled}
       )`,
      [...parametersOf(selection), lease.seconds, lease.batch ?? null, lease.consumer ?? null],
    );
    const leaseUntil = new Date(at.getTime() + lease.seconds * 1000);
    return { at, rows: rows.map((row) => ({ ...row, leaseUntil })) };
  }

  /** What a claim would take, without taking it. */
  async look(selection: PullSelection): Promise<PullAnswer> {
    const { at, rows } = await this.answer(
      `WITH ${candidates(selection, '')}, given AS (
         SELECT ${pulled} FROM notifications WHERE id IN (SELECT id FROM candidates)
       )`,
      parametersOf(selection),
    );
    return { at, rows: rows.map((row) => ({ ...row, leaseUntil: null })) };
  }

  /**
   * Ends rows that nobody wants any more, and frees those whose lease ran out: that counts as a try. They are offered at once, or are dead when that was the last
   * of `tries`, and keep their token until another takes them: whoever delivered them late may still say so.
   */
  async expire(tries: number): Promise<MarkedNotification[]> {
    return this.database.query(
      prepared(`WITH expired AS (
         SELECT id, attempts, dead_at IS NOT NULL OR attempts + 1 >= $1 AS ended FROM notifications
         WHERE state = 'leased' AND delivery = 'pull' AND lease_until <= now()
         ORDER BY lease_until LIMIT ${expiryBatch} FOR UPDATE SKIP LOCKED
       ), freed AS (
         UPDATE notifications AS n
         SET state = CASE WHEN ended AND fallback IS NULL THEN 'dead' ELSE 'pending' END, reason = $2,
             attempts = CASE WHEN ended AND fallback IS NOT NULL THEN 0 ELSE n.attempts + 1 END,
             not_before = now(), lease_until = NULL, lease_batch = NULL,
             dead_at = CASE WHEN ended AND fallback IS NULL THEN coalesce(dead_at, now()) END,
             ${turningWhere('ended')}
         FROM expired WHERE n.id = expired.id
         RETURNING n.*, expired.attempts + 1 AS try
       ), over AS (
         SELECT id FROM notifications WHERE state = 'pending' AND delivery = 'pull' AND expires_at <= now()
         ORDER BY expires_at LIMIT ${expiryBatch} FOR UPDATE SKIP LOCKED
       ), unwanted AS (
         UPDATE notifications SET state = 'dead', reason = $3, dead_at = now(), fallback_secret = NULL
         WHERE id IN (SELECT id FROM over)
         RETURNING *
       ), noted AS (
         INSERT INTO notification_attempts (notification_id, attempt, outcome, reason)
         SELECT id, try, 'abandoned', $2 FROM freed
         UNION ALL SELECT id, attempts + 1, 'expired', $3 FROM unwanted
       ), rung AS (SELECT pg_notify('${wakeChannel}', '') FROM freed LIMIT 1)
       SELECT ${marked} FROM freed LEFT JOIN rung ON true UNION ALL SELECT ${marked} FROM unwanted`),
      [tries, silent, timeOver],
    );
  }

  /** Undefined, and nothing done, when the row is not there or the mark does not count: `standing` tells why. */
  async mark(id: string, mark: Mark): Promise<MarkedNotification | undefined> {
    const { outcome, reason, token, usersOnly, batchSeconds, delays } = mark;
    const rows: MarkedNotification[] = await this.database.query(
      prepared(`WITH held AS (
         SELECT id, attempts, lease_batch AS batch, ($5::float8[])[attempts + 1] AS delay,
           CASE WHEN $3 = 'sent' THEN 'delivered'
                WHEN $3 = 'refused' OR dead_at IS NOT NULL OR ($5::float8[])[attempts + 1] IS NULL THEN 'dead'
                ELSE 'pending' END AS outcome
         FROM notifications
         WHERE id = $1 AND delivery = 'pull' ${usersOnly ? userRows : ''} AND delivered_at IS NULL
           AND CASE WHEN $2::uuid IS NULL
               THEN NOT (state = 'leased' AND lease_token IS NOT NULL AND lease_until > now())
               -- A failure told late would count what expiry has counted.
               ELSE lease_token = $2 AND ($3 = 'sent' OR state = 'leased') END
         FOR UPDATE
       ), settled AS (
         UPDATE notifications AS n
         SET state = CASE WHEN ${turns} THEN 'pending' ELSE outcome END,
             attempts = CASE WHEN ${turns} THEN 0 ELSE n.attempts + 1 END, reason = $4,
             lease_until = NULL, lease_batch = NULL,
             not_before = CASE WHEN ${turns} THEN now()
                               WHEN outcome = 'pending' THEN now() + make_interval(secs => delay) ELSE not_before END,
             lease_token = CASE outcome WHEN 'delivered' THEN lease_token END,
             delivered_at = CASE outcome WHEN 'delivered' THEN now() END,
             dead_at = CASE WHEN outcome = 'dead' AND NOT ${turns} THEN coalesce(dead_at, now()) END,
             ${turningWhere(`outcome = 'dead'`, `outcome = 'pending'`)}
         FROM held WHERE n.id = held.id
         RETURNING n.*, held.attempts + 1 AS try, ${turns} AS turned
       ), noted AS (
         INSERT INTO notification_attempts (notification_id, attempt, outcome, reason)
         SELECT id, try, $3, $4 FROM settled
       ), rung AS (SELECT pg_notify('${wakeChannel}', '') FROM settled WHERE turned
       ), rest AS (
         -- Two marks of one batch must not wait for each other's rows.
         SELECT n.id FROM notifications AS n JOIN held ON n.lease_batch = held.batch
         WHERE n.state = 'leased' AND n.id <> held.id
         FOR UPDATE OF n SKIP LOCKED
       ), prolonged AS (
         UPDATE notifications SET lease_until = greatest(lease_until, now() + make_interval(secs => $6))
         WHERE id IN (SELECT id FROM rest)
       )
       SELECT ${marked} FROM settled LEFT JOIN rung ON true`),
      [id, token ?? null, outcome, reason ?? null, delays, batchSeconds],
    );
    return rows[0];
  }

  /** How a row stands, for whoever wants to know why a mark did not count. */
  async standing(id: string, usersOnly = false): Promise<PullStanding | undefined> {
    const rows: PullStanding[] = await this.database.query(
      `SELECT delivery, state, lease_token AS "leaseToken" FROM notifications WHERE id = $1 ${usersOnly ? userRows : ''}`,
      [id],
    );
    return rows[0];
  }

  /** The new end of a named lease; undefined when it is over or another's. */
  async extend(id: string, token: string, seconds: number): Promise<Date | undefined> {
    const [rows]: [{ until: Date }[], number] = await this.database.query(
      `UPDATE notifications SET lease_until = now() + make_interval(secs => $3)
       WHERE id = $1 AND lease_token = $2 AND state = 'leased' AND delivery = 'pull'
       RETURNING lease_until AS until`,
      [id, token, seconds],
    );
    return rows[0]?.until;
  }

  /** Offers again at once what was given to somebody who never got it, as if it had not been claimed. */
  async giveBack(rows: readonly PulledNotification[], batch: string | undefined): Promise<void> {
    await this.database.query(
      `WITH freed AS (
         UPDATE notifications AS n
         SET state = CASE WHEN dead_at IS NULL THEN 'pending' ELSE 'dead' END,
             lease_token = NULL, lease_batch = NULL, lease_until = NULL
         FROM unnest($1::bigint[], $2::uuid[]) AS given (id, lease)
         WHERE n.id = given.id AND coalesce(n.lease_batch, n.lease_token) = given.lease AND n.state = 'leased'
         RETURNING n.id
       )
       SELECT pg_notify('${wakeChannel}', '') FROM freed LIMIT 1`,
      [rows.map(({ id }) => id), rows.map(({ leaseToken }) => leaseToken ?? batch)],
    );
  }

  private async answer(given: string, parameters: unknown[]): Promise<{ at: Date; rows: Pulled[] }> {
    // One row at least, for the time.
    const rows: ({ now: number; id: string | null } & Omit<Pulled, 'id'>)[] = await this.database.query(
      prepared(
        `${given}
         SELECT extract(epoch FROM now())::float8 AS now, given.id, guild_id AS "guildId", target, type, payload, message,
           mentions, ${priorityName} AS priority, locale, attempts, created_at AS "createdAt",
           (SELECT max(at) FROM notification_attempts WHERE notification_id = given.id) AS "lastAttemptAt",
           reason, lease_token AS "leaseToken"
         FROM (SELECT) AS always LEFT JOIN given ON true ORDER BY given.id`,
      ),
      parameters,
    );
    const at = rows[0] ? new Date(rows[0].now * 1000) : new Date();
    return { at, rows: rows.flatMap(({ now: _now, id, ...row }) => (id === null ? [] : [{ id, ...row }])) };
  }
}

/**
 * Assignments: where `ended` holds, the row turns to its other target, if it has one. It stays a consumer's, unless none
 * could deliver there. The secret of the other target is kept while the row has a use for it: where \`waits\` holds.
 */
function turningWhere(ended: string, waits = `NOT (${ended})`): string {
  const turning = `${ended} AND fallback IS NOT NULL`;
  return `target = CASE WHEN ${turning} THEN fallback ELSE target END,
    target_secret = CASE WHEN ${turning} THEN fallback_secret ELSE target_secret END,
    delivery = CASE WHEN ${turning} AND NOT fallback ?| array['userId', 'channelId'] THEN 'push' ELSE delivery END,
    fallback = CASE WHEN NOT (${ended}) THEN fallback END,
    fallback_secret = CASE WHEN ${waits} THEN fallback_secret END`;
}

function parametersOf({ limit, maxAttempts }: PullSelection): unknown[] {
  return [limit, maxAttempts ?? 2_147_483_647];
}

const offered = 'AND held IS NULL AND NOT behind AND (expires_at IS NULL OR expires_at > now())';

/** Both parts end after `limit` entries of a partial index, however many rows are done. */
function candidates({ usersOnly, maxAttempts, limit }: PullSelection, lock: string): string {
  const part = (name: string, state: 'pending' | 'dead') => `${name} AS (
    SELECT id FROM (
      SELECT id FROM notifications
      WHERE state = '${state}' AND delivery = 'pull' AND not_before <= now() AND attempts < $2
        ${state === 'pending' ? offered : ''} ${usersOnly ? userRows : ''}
      ORDER BY id LIMIT ${plannedLimit(limit)} ${lock}
    ) AS first LIMIT $1
  )`;
  if (maxAttempts === undefined) return part('candidates', 'pending');
  return `${part('due', 'pending')}, ${part('given_up', 'dead')}, candidates AS (
    SELECT id FROM (SELECT id FROM due UNION ALL SELECT id FROM given_up) AS either ORDER BY id LIMIT $1
  )`;
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { prepared } from '../database/prepared-statements.js';
import {
  type Locale,
  type Mentions,
  type NotificationState,
  type NotificationTarget,
  type Priority,
  type RenderedMessage,
} from '../domain/notification.js';
import { type AttemptOutcome } from './notification.entity.js';
import { priorityName, wakeChannel } from './notification.repository.js';

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
  /** Ready to be sent as it is. */
  message: RenderedMessage | null;
  mentions: Mentions | null;
  locale: Locale | null;
  priority: Priority;
  publisher: string;
  /** Of a row that has a board. */
  collapseKey: string | null;
  /** The target as one word, such as `user:<id>`. */
  destination: string;
  createdAt: Date;
  /** Its time was over when it was claimed. */
  expired: boolean;
  /** Tries that counted, among them those of processes that fell silent. */
  attempts: number;
  /** Fixed for the life of the row, so that Discord takes a repeated send for the first one. */
  nonce: string;
  /** An earlier try noted that it goes out, and nobody noted what became of it. */
  begun: boolean;
  /** The process that had it before fell silent. */
  abandoned: boolean;
  /** Since when an earlier try may have arrived, of which no answer tells, and how many seconds ago that was. */
  doubt: { since: string; seconds: number } | null;
  /** The message that it is, where Discord has told of it. */
  confirmed: string | null;
  /** Whether what becomes of it tells how Discord is. */
  toDiscord: boolean;
  /** How its target stands, if it failed the last time: `wait` in seconds until its next try, null when there is no need to. */
  circuit: { off: boolean; wait: number | null } | null;
}

/** What becomes of a claimed notification, and what is noted of the try. */
export interface Settlement {
  state: Exclude<NotificationState, 'leased'>;
  outcome: Exclude<AttemptOutcome, 'abandoned'>;
  /** Seconds until the next try, for `pending`. */
  delay?: number;
  reason?: string;
  messageId?: string;
  /** It may have arrived: so many seconds ago at the earliest. */
  doubtSeconds?: number;
  /** Of `dead`: it goes to the other target that its publisher named, if any, instead of ending. */
  fallsBack?: boolean;
}

export interface Settled {
  /** `pending` where another target is tried instead; `superseded` where a newer one has come meanwhile. */
  state: Settlement['state'];
  attempts: number;
  /** For `pending`. */
  nextAttemptAt?: Date;
  /** Seconds from its publication to its delivery. */
  latency?: number;
}

/** How many of each way are wanted. */
export interface Places {
  discord: number;
  elsewhere: number;
}

/** What index `notifications_due` holds, in its first column whether it goes to Discord, and index `notifications_leases`. */
const offered = `state = 'pending' AND delivery = 'push' AND held IS NULL AND NOT behind`;
const toDiscord = `(target ?| array['userId', 'channelId', 'webhookId'])`;
const leased = `state = 'leased' AND delivery = 'push'`;

/** With `$1` and `$2` of `placesOf`. */
const ways = `(VALUES (true, $1::int), (false, $2::int)) AS way (discord, places)`;
const byPriority = `(VALUES (3), (2), (1), (0)) AS of (priority)`;
/**
 * A part of an index in its order. The planner, who cannot know how many places a way has, would expect a tenth of the
 * table without these limits. Rows are read and locked one by one, and no more of them than there are places.
 */
const some = 'LIMIT 1000 FOR UPDATE SKIP LOCKED';

/** The rows that workers of ours deliver. Each method is one statement, and every time in it is of the database's clock. */
@Injectable()
export class LeaseRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Takes pushed notifications for `leaseSeconds`, up to `places` of each way: first those whose lease ran out (which
   * counts as a try, or one that kills its process would be offered for ever), then the due ones, but for destinations
   * to pass over. No row goes to two callers.
   */
  async claim(
    places: Places | number,
    leaseSeconds: number,
    passing: readonly string[] = [],
  ): Promise<ClaimedNotification[]> {
    return this.database.query(
      // Materialized, lest a join reads it twice and locks more than it takes.
      prepared(`WITH free AS MATERIALIZED (
         SELECT next.id, abandoned FROM ${ways}, LATERAL (
           SELECT expired.id, true AS abandoned FROM (
             SELECT id FROM notifications WHERE ${leased} AND ${toDiscord} = way.discord AND lease_until <= now()
             ORDER BY lease_until ${some}
           ) AS expired
           UNION ALL
           SELECT due.id, false FROM ${byPriority}, LATERAL (
             SELECT id FROM notifications
             WHERE ${offered} AND ${toDiscord} = way.discord AND priority = of.priority AND not_before <= now()
               AND coalesce(destination, '') <> ALL ($4)
             ORDER BY not_before, id ${some}
           ) AS due
           LIMIT way.places
         ) AS next LIMIT $1::int + $2::int
       ), claimed AS (
         UPDATE notifications AS n
         SET state = 'leased', attempts = attempts + (CASE state WHEN 'leased' THEN 1 ELSE 0 END),
             maybe_sent_at = CASE state WHEN 'leased' THEN coalesce(maybe_sent_at, not_before) ELSE maybe_sent_at END,
             lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => $3)
         FROM free WHERE n.id = free.id
         RETURNING n.*, free.abandoned
       ), noted AS (
         INSERT INTO notification_attempts (notification_id, attempt, outcome, reason)
         SELECT id, attempts, 'abandoned', 'the process that tried fell silent' FROM claimed WHERE abandoned
       )
       SELECT id, guild_id AS "guildId", target, target_secret AS secret, type, payload, message, mentions, locale,
              ${priorityName} AS priority, publisher, destination,
              CASE WHEN boarded THEN collapse_key END AS "collapseKey",
              created_at AS "createdAt", coalesce(expires_at <= now(), false) AS expired, attempts, nonce,
              lease_token AS "leaseToken", begun_at IS NOT NULL AS begun, abandoned, ${toDiscord} AS "toDiscord",
              CASE WHEN confirmed_at IS NOT NULL THEN coalesce(message_id, '') END AS confirmed,
              CASE WHEN maybe_sent_at IS NOT NULL THEN json_build_object('since', maybe_sent_at,
                'seconds', extract(epoch FROM now() - maybe_sent_at)) END AS doubt,
              CASE WHEN failures IS NOT NULL THEN json_build_object('off', off_at IS NOT NULL,
                'wait', extract(epoch FROM open_until - now())) END AS circuit
       FROM claimed LEFT JOIN notification_destinations USING (destination)
       ORDER BY claimed.priority DESC, claimed.id`),
      [...placesOf(places), leaseSeconds, passing],
    );
  }

  /** Notes that a notification goes out now, for those that must not go out twice. False when the lease is lost. */
  async begin({ id, leaseToken }: Lease): Promise<boolean> {
    const [, changed]: [unknown[], number] = await this.database.query(
      prepared('UPDATE notifications SET begun_at = now() WHERE id = $1 AND lease_token = $2'),
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
   * Ends the lease with what became of the notification and notes the try, and on which message its board is. Undefined, and nothing done, when the lease
   * has gone to another. Postponed tries in a row are one note with the time of the last: an outage of any length
   * leaves one row.
   */
  async settle(lease: Lease & { attempts: number }, settlement: Settlement): Promise<Settled | undefined> {
    const { state, outcome, delay, reason, messageId, fallsBack, doubtSeconds } = settlement;
    const rows: (Omit<Settled, 'latency'> & { not_before: Date; latency: number | null })[] = await this.database.query(
      prepared(`WITH held AS (
         UPDATE notifications
         SET state = CASE WHEN $8 AND fallback IS NOT NULL THEN 'pending' ELSE $3 END,
             attempts = CASE WHEN $8 AND fallback IS NOT NULL THEN 0 WHEN $4 = 'postponed' THEN attempts
                             ELSE attempts + 1 END,
             not_before = CASE WHEN $8 AND fallback IS NOT NULL THEN now()
                               WHEN $3 = 'pending' THEN now() + make_interval(secs => $5) ELSE not_before END,
             target = CASE WHEN $8 THEN coalesce(fallback, target) ELSE target END,
             target_secret = CASE WHEN $8 AND fallback IS NOT NULL THEN fallback_secret
                                  WHEN $3 <> 'delivered' THEN target_secret END,
             maybe_sent_at = CASE WHEN $8 AND fallback IS NOT NULL THEN NULL
                                  ELSE coalesce(maybe_sent_at, now() - make_interval(secs => $10)) END,
             fallback = CASE WHEN NOT $8 THEN fallback END,
             fallback_secret = CASE WHEN $3 <> 'delivered' AND NOT $8 THEN fallback_secret END,
             reason = $6, message_id = $7, lease_token = NULL, lease_until = NULL, begun_at = NULL,
             delivered_at = CASE $3 WHEN 'delivered' THEN now() END,
             dead_at = CASE WHEN $3 IN ('dead', 'unknown') AND NOT ($8 AND fallback IS NOT NULL) THEN now() END
         WHERE id = $1 AND lease_token = $2
         RETURNING id, state, attempts, not_before, collapse_key, boarded, publisher, destination,
           extract(epoch FROM delivered_at - created_at)::float8 AS latency
       ), shown AS (
         -- Its board is there since before it was sent.
         UPDATE notification_boards AS board SET message_id = coalesce($7, message_id), updated_at = now() FROM held
         WHERE held.state = 'delivered' AND held.boarded AND board.collapse_key = held.collapse_key
           AND board.publisher = held.publisher AND board.destination = held.destination
       ), latest AS (
         SELECT id, outcome FROM notification_attempts WHERE notification_id = $1 ORDER BY id DESC LIMIT 1
       ), renewed AS (
         UPDATE notification_attempts SET at = now(), reason = $6
         WHERE $4 = 'postponed'
           AND id = (SELECT latest.id FROM latest, held WHERE latest.outcome = 'postponed')
         RETURNING id
       ), noted AS (
         INSERT INTO notification_attempts (notification_id, attempt, outcome, reason)
         SELECT id, $9, $4, $6 FROM held
         WHERE NOT EXISTS (SELECT FROM renewed)
       )
       SELECT state, attempts, not_before, latency FROM held`),
      [
        lease.id,
        lease.leaseToken,
        state,
        outcome,
        delay ?? 0,
        reason ?? null,
        messageId ?? null,
        fallsBack ?? false,
        lease.attempts + 1,
        doubtSeconds ?? null,
      ],
    );
    const row = rows[0];
    if (!row) return undefined;
    const nextAttemptAt = row.state === 'pending' ? row.not_before : undefined;
    return { state: row.state, attempts: row.attempts, nextAttemptAt, latency: row.latency ?? undefined };
  }

  /**
   * Seconds until the next pushed row falls due or loses its lease, negative if one has; undefined when none waits. Of
   * ways without places nothing counts.
   */
  async secondsUntilDue(places: Places | number = 1): Promise<number | undefined> {
    const rows: { seconds: number | null }[] = await this.database.query(
      prepared(`SELECT extract(epoch FROM least(
         (SELECT min(next.not_before) FROM ${ways}, ${byPriority}, LATERAL (
            SELECT not_before FROM notifications
            WHERE ${offered} AND ${toDiscord} = way.discord AND priority = of.priority
            ORDER BY not_before LIMIT 1) AS next WHERE places > 0),
         (SELECT min(next.lease_until) FROM ${ways}, LATERAL (
            SELECT lease_until FROM notifications WHERE ${leased} AND ${toDiscord} = way.discord
            ORDER BY lease_until LIMIT 1) AS next WHERE places > 0)
       ) - now())::float8 AS seconds`),
      placesOf(places),
    );
    return rows[0]?.seconds ?? undefined;
  }
}

function placesOf(places: Places | number): [discord: number, elsewhere: number] {
  return typeof places === 'number' ? [places, places] : [places.discord, places.elsewhere];
}

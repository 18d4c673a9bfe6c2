import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type ClaimedNotification } from '../lease.repository.js';
import { wakeChannel } from '../notification.repository.js';
import { destinationPolicy } from './destination-policy.js';

export const destinationStates = ['failing', 'paused', 'off'] as const;
/** failing: it gets all there is · paused: it gets one try at a time · off: nothing until somebody switches it on. */
export type DestinationState = (typeof destinationStates)[number];

/** A target that failed the last time, as an operator sees it. */
export interface FailingDestination {
  destination: string;
  state: DestinationState;
  /** In a row. */
  failures: number;
  failingSince: Date;
  failedAt: Date;
  lastReason: string;
  /** Of a paused one: when the next try may go out. */
  openUntil: Date | null;
  offAt: Date | null;
  /** When its owner was told that it is switched off. */
  toldAt: Date | null;
  /** Notifications that wait for it. */
  waiting: number;
}

/** What a failure led to. */
interface Recorded {
  failures: number;
  paused: boolean;
  off: boolean;
  /** By this very failure. */
  switchedOff: boolean;
}

interface Failure {
  /** The notification, if the target refused it for good; the same one counts once. */
  refusedId?: string;
  reason: string;
}

export interface UntoldDestination {
  destination: string;
  lastReason: string;
  offAt: Date;
}

/** Rows of one statement: short enough to hold up nobody. */
const batch = 1_000;
/** Marks rows that wait for the next try of a target. */
const waitsForTarget = 'its target fails; it waits for the next try there';
const turnsAway = 'its target is switched off; it goes to the other one';

/** Of `hold`: the row goes to its other target, at once if anything but its own time held it up, which its `reason` tells. */
const turning = `(fallback IS NOT NULL AND EXISTS (SELECT FROM standing))`;

type Leased = Pick<ClaimedNotification, 'id' | 'leaseToken'>;

const state = `CASE WHEN off_at IS NOT NULL THEN 'off' WHEN open_until IS NOT NULL THEN 'paused' ELSE 'failing' END`;

/** The table of targets that fail, and the rows that wait for them. Every time is of the database's clock. */
@Injectable()
export class DestinationRepository {
  constructor(private readonly database: DataSource) {}

  async record(destination: string, { refusedId, reason }: Failure): Promise<Recorded> {
    const { openAfter, pauses, offAfterRefusals, offAfterSeconds } = destinationPolicy;
    const rows: Recorded[] = await this.database.query(
      `INSERT INTO notification_destinations AS d (destination, failures, refusals, refused_id, last_reason)
       VALUES ($1, 1, CASE WHEN $2::bigint IS NULL THEN 0 ELSE 1 END, $2, $3)
       ON CONFLICT (destination) DO UPDATE SET
         failures = d.failures + 1,
         refusals = d.refusals + CASE WHEN $2 IS NULL OR $2 = d.refused_id THEN 0 ELSE 1 END,
         refused_id = coalesce($2, d.refused_id),
         last_reason = $3, failed_at = now(),
         open_until = CASE WHEN d.failures + 1 >= $4 THEN now() + make_interval(secs =>
           ($5::float8[])[least(d.failures + 2 - $4, array_length($5, 1))]) END,
         off_at = coalesce(d.off_at, CASE
           WHEN $2 IS NOT NULL AND $2 IS DISTINCT FROM d.refused_id AND d.refusals + 1 >= $6 THEN now()
           WHEN d.failures + 1 >= $4 AND d.failing_since <= now() - make_interval(secs => $7) THEN now() END)
       RETURNING failures, open_until IS NOT NULL AS paused, off_at IS NOT NULL AS off,
         coalesce(off_at = now(), false) AS "switchedOff"`,
      [destination, refusedId ?? null, reason, openAfter, pauses, offAfterRefusals, offAfterSeconds],
    );
    return rows[0]!;
  }

  /** The target took something: it is as if it had never failed, unless it is switched off. */
  async recovered(destination: string): Promise<void> {
    await this.database.transaction(async (manager) => {
      // First the target, whose row is locked by whoever lets rows wait for it; then what waits by then.
      await manager.query('DELETE FROM notification_destinations WHERE destination = $1 AND off_at IS NULL', [
        destination,
      ]);
      await manager.query(
        `WITH freed AS (
           UPDATE notifications SET not_before = now()
           WHERE destination = $1 AND state = 'pending' AND delivery = 'push' AND reason = $2 AND not_before > now()
           RETURNING id
         )
         SELECT pg_notify('${wakeChannel}', '') FROM freed LIMIT 1`,
        [destination, waitsForTarget],
      );
    });
  }

  /** Whether the one try that a paused target gets now is the caller's. */
  async takeProbe(destination: string): Promise<boolean> {
    const [, changed]: [unknown[], number] = await this.database.query(
      `UPDATE notification_destinations SET open_until = now() + make_interval(secs => $2)
       WHERE destination = $1 AND off_at IS NULL AND open_until <= now()`,
      [destination, destinationPolicy.probeSeconds],
    );
    return changed > 0;
  }

  /** The try told nothing about the target: somebody else's may go out. */
  async returnProbe(destination: string): Promise<void> {
    await this.database.query(
      `UPDATE notification_destinations SET open_until = now()
       WHERE destination = $1 AND off_at IS NULL AND open_until > now()`,
      [destination],
    );
  }

  /** Lets what waits for a paused target wait for its next try, and ends `leases` likewise. No try is counted. */
  async postpone(destination: string, leases: readonly Leased[]): Promise<void> {
    await this.inBatches(destination, leases, {
      standing: `standing AS (
         SELECT open_until FROM notification_destinations
         WHERE destination = $1 AND off_at IS NULL AND open_until > now() FOR SHARE
       )`,
      // What is not due keeps its own time.
      which: `held IS NULL AND NOT behind AND not_before <= now() AND EXISTS (SELECT FROM standing)`,
      change: `not_before = greatest(not_before, (SELECT open_until FROM standing)),
       reason = CASE WHEN EXISTS (SELECT FROM standing) THEN $3 ELSE reason END`,
      reason: waitsForTarget,
    });
  }

  /**
   * Holds what waits for a target that is switched off, and ends `leases` likewise; what has another target turns to
   * that one.
   */
  async hold(destination: string, leases: readonly Leased[]): Promise<void> {
    await this.inBatches(destination, leases, {
      standing: `standing AS (SELECT true FROM notification_destinations WHERE destination = $1 AND off_at IS NOT NULL FOR SHARE)`,
      which: `held IS NULL AND EXISTS (SELECT FROM standing)`,
      change: `held = CASE WHEN EXISTS (SELECT FROM standing) AND fallback IS NULL THEN 'off' ELSE held END,
       not_before = CASE WHEN ${turning} AND reason IS NOT NULL THEN now() ELSE not_before END,
       attempts = CASE WHEN ${turning} THEN 0 ELSE attempts END,
       reason = CASE WHEN ${turning} THEN $3 ELSE reason END,
       maybe_sent_at = CASE WHEN NOT ${turning} THEN maybe_sent_at END,
       target_secret = CASE WHEN ${turning} THEN fallback_secret ELSE target_secret END,
       target = CASE WHEN ${turning} THEN fallback ELSE target END,
       fallback_secret = CASE WHEN NOT ${turning} THEN fallback_secret END,
       fallback = CASE WHEN NOT ${turning} THEN fallback END`,
      reason: turnsAway,
    });
  }

  /** Everything of the target goes out again, whatever was. False when nothing is known of it. */
  async enable(destination: string): Promise<boolean> {
    return this.database.transaction(async (manager) => {
      const [, deleted]: [unknown[], number] = await manager.query(
        'DELETE FROM notification_destinations WHERE destination = $1',
        [destination],
      );
      await manager.query(
        `WITH freed AS (
           UPDATE notifications
           SET held = CASE held WHEN 'off' THEN NULL ELSE held END,
               not_before = CASE reason WHEN $2 THEN least(not_before, now()) ELSE not_before END
           WHERE destination = $1 AND state = 'pending' AND delivery = 'push' AND (held = 'off' OR reason = $2)
           RETURNING id
         )
         SELECT pg_notify('${wakeChannel}', '') FROM freed LIMIT 1`,
        [destination, waitsForTarget],
      );
      return deleted > 0;
    });
  }

  /** By name, those after `after`. */
  async list(limit: number, after = '', only?: DestinationState): Promise<FailingDestination[]> {
    return this.database.query(
      `SELECT destination, ${state} AS state, failures, failing_since AS "failingSince", failed_at AS "failedAt",
         last_reason AS "lastReason", CASE WHEN off_at IS NULL THEN open_until END AS "openUntil", off_at AS "offAt",
         told_at AS "toldAt",
         (SELECT count(*)::float8 FROM notifications AS n
          WHERE n.destination = d.destination AND n.state = 'pending' AND n.delivery = 'push') AS waiting
       FROM notification_destinations AS d
       WHERE destination > $2 AND ($3::text IS NULL OR ${state} = $3)
       ORDER BY destination LIMIT $1`,
      [limit, after, only ?? null],
    );
  }

  async count(): Promise<Record<DestinationState, number>> {
    const rows: { state: DestinationState; count: number }[] = await this.database.query(
      `SELECT ${state} AS state, count(*)::float8 AS count FROM notification_destinations GROUP BY 1`,
    );
    const counts = { failing: 0, paused: 0, off: 0 };
    for (const row of rows) counts[row.state] = row.count;
    return counts;
  }

  /** Switched off, and their owner does not know. */
  async untold(): Promise<UntoldDestination[]> {
    return this.database.query(
      `SELECT destination, last_reason AS "lastReason", off_at AS "offAt" FROM notification_destinations
       WHERE off_at IS NOT NULL AND told_at IS NULL ORDER BY off_at LIMIT 100`,
    );
  }

  async told(destinations: readonly string[], manager = this.database.manager): Promise<void> {
    await manager.query(`UPDATE notification_destinations SET told_at = now() WHERE destination = ANY ($1)`, [
      destinations,
    ]);
  }

  async forgetOld(): Promise<void> {
    await this.database.query(
      `DELETE FROM notification_destinations
       WHERE off_at IS NULL AND failed_at < now() - make_interval(secs => $1)
         AND coalesce(open_until < now(), true)`,
      [destinationPolicy.forgottenAfterSeconds],
    );
  }

  private async inBatches(
    destination: string,
    leases: readonly Leased[],
    { standing, which, change, reason }: Record<'standing' | 'which' | 'change' | 'reason', string>,
  ): Promise<void> {
    let ended = leases;
    for (;;) {
      const [row]: { moved: number }[] = await this.database.query(
        `WITH ${standing}, mine AS (
           SELECT n.id FROM unnest($2::bigint[], $4::uuid[]) AS lease (id, token)
           JOIN notifications AS n ON n.id = lease.id AND n.lease_token = lease.token FOR UPDATE OF n
         ), waiting AS (
           SELECT id FROM notifications
           WHERE destination = $1 AND state = 'pending' AND delivery = 'push' AND ${which}
           ORDER BY id LIMIT ${batch} FOR UPDATE SKIP LOCKED
         ), moved AS (
           UPDATE notifications SET state = 'pending', lease_token = NULL, lease_until = NULL, ${change}
           WHERE id IN (SELECT id FROM mine UNION ALL SELECT id FROM waiting)
           RETURNING held, not_before
         ), rung AS (
           SELECT pg_notify('${wakeChannel}', '') FROM moved WHERE held IS NULL AND not_before <= now() LIMIT 1
         )
         SELECT (SELECT count(*)::int FROM waiting) AS moved, (SELECT count(*) FROM rung) AS rung`,
        [destination, ended.map(({ id }) => id), reason, ended.map(({ leaseToken }) => leaseToken)],
      );
      if ((row?.moved ?? 0) < batch) return;
      ended = [];
    }
  }
}

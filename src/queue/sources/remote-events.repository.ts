import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LockedConnection } from '../../database/locked-connection.js';
import { type SourceMark } from './source-client.js';

/** Rung, with the source's identity, at the commit of every statement that ends a notification of a source. */
export const remoteEventsChannel = 'guildcast_remote_events';

/** For so long after the source was told, and after it last offered an event, that event would be known again. */
const rememberedDays = 30;
const forgettingBatch = 1_000;

/** How an offered event stands with us. */
export interface Standing {
  key: string;
  /** Null until it is known to be in the queue. */
  notificationId: string | null;
  outcome: SourceMark['outcome'] | null;
  /** The source was told of the outcome. */
  marked: boolean;
}

export interface DueMark extends SourceMark {
  key: string;
  remoteId: string;
  /** Of this outcome: a later one has another. */
  ended: string;
  /** Tries in vain. */
  failures: number;
}

export interface HeldLease {
  key: string;
  remoteId: string;
  leaseToken: string;
}

interface Noted {
  fresh: number;
  malformed: number;
}

interface Offer {
  key: string;
  remoteId: string;
  leaseToken: string | null;
  /** Why it cannot be delivered. */
  fault: string | null;
}

/** How one source stands, over all processes and restarts. */
export interface SourceFigures {
  source: string;
  polled: number;
  processed: number;
  failed: number;
  malformed: number;
  /** Taken over, and not delivered or given up yet. */
  waiting: number;
  /** Delivered or given up, and the source does not know it yet. */
  untold: number;
  polledAt: Date | null;
  error: string | null;
  errorAt: Date | null;
}

/** The tables of remote sources. Each method is one statement, and every time in it is of the database's clock. */
@Injectable()
export class RemoteEventsRepository {
  constructor(private readonly database: DataSource) {}

  /** Of all processes, the one that holds it serves the source. */
  lockOf(source: string): LockedConnection {
    return LockedConnection.to(this.database, `guildcast.source.${source}`);
  }

  /**
   * Takes note of what was offered under leases of so many seconds. What has a fault ends at once as failed. Answers how
   * many events were new, and how many of these have a fault.
   */
  async note(source: string, offers: readonly Offer[], leaseSeconds: number): Promise<Noted> {
    const [row]: Noted[] = await this.database.query(
      `WITH noted AS (
         INSERT INTO remote_events AS known (source, key, remote_id, lease_token, lease_until, outcome, reason, ended)
         SELECT $1, key, remote_id, token, CASE WHEN token IS NOT NULL THEN now() + make_interval(secs => $6) END,
           CASE WHEN fault IS NOT NULL THEN 'failed' END, fault,
           CASE WHEN fault IS NOT NULL THEN nextval('remote_event_ends') END
         FROM unnest($2::text[], $3::text[], $4::uuid[], $5::text[]) WITH ORDINALITY AS offer (key, remote_id, token, fault, place)
         ORDER BY place
         ON CONFLICT (source, key) DO UPDATE
         SET lease_token = excluded.lease_token, lease_until = excluded.lease_until, offered_at = now()
         -- A source that is only read offers the same at each poll.
         WHERE known.lease_token IS DISTINCT FROM excluded.lease_token OR known.offered_at < now() - interval '1 hour'
         -- Inserted, not updated.
         RETURNING xmax = 0 AS fresh, outcome
       ), counted AS (
         SELECT count(*) FILTER (WHERE fresh) AS fresh,
           count(*) FILTER (WHERE fresh AND outcome IS NOT NULL) AS malformed FROM noted
       ), figures AS (
         INSERT INTO remote_sources AS known (source, polled, malformed, polled_at)
         SELECT $1, fresh, malformed, now() FROM counted
         ON CONFLICT (source) DO UPDATE
         SET polled = known.polled + excluded.polled, malformed = known.malformed + excluded.malformed, polled_at = now()
       )
       SELECT fresh::float8, malformed::float8 FROM counted`,
      [
        source,
        offers.map(({ key }) => key),
        offers.map(({ remoteId }) => remoteId),
        offers.map(({ leaseToken }) => leaseToken),
        offers.map(({ fault }) => fault),
        leaseSeconds,
      ],
    );
    return row ?? { fresh: 0, malformed: 0 };
  }

  standings(source: string, keys: readonly string[]): Promise<Standing[]> {
    return this.database.query(
      `SELECT key, notification_id AS "notificationId", outcome, marked_at IS NOT NULL AS marked
       FROM remote_events WHERE source = $1 AND key = ANY ($2::text[])`,
      [source, keys],
    );
  }

  /** The event is this notification, which may have been stored and ended long ago. */
  async link(source: string, key: string, notificationId: string): Promise<void> {
    await this.database.query(
      `UPDATE remote_events AS event
       SET notification_id = n.id, reason = coalesce(event.reason, n.reason),
           ended = coalesce(event.ended, CASE WHEN n.state NOT IN ('pending', 'leased') THEN nextval('remote_event_ends') END),
           outcome = coalesce(event.outcome, CASE WHEN n.state IN ('delivered', 'superseded') THEN 'processed'
                                                  WHEN n.state NOT IN ('pending', 'leased') THEN 'failed' END)
       FROM notifications AS n WHERE n.id = $3 AND source = $1 AND key = $2`,
      [source, key, notificationId],
    );
  }

  /** The notification of an event that was stored with other words than it has now. */
  async findStored(source: string, key: string): Promise<string | undefined> {
    const rows: { id: string }[] = await this.database.query(
      'SELECT id FROM notifications WHERE publisher = $1 AND idempotency_key = $2',
      [`source:${source}`, key],
    );
    return rows[0]?.id;
  }

  /** Ends an event that the queue did not take. */
  async refuse(source: string, key: string, reason: string): Promise<void> {
    await this.database.query(
      `UPDATE remote_events SET outcome = 'failed', reason = $3, ended = nextval('remote_event_ends'), marked_at = NULL
       WHERE source = $1 AND key = $2`,
      [source, key, reason],
    );
  }

  /** For events that are offered although the source was told: it is told again. */
  async tellAgain(source: string, keys: readonly string[]): Promise<void> {
    await this.database.query(
      `UPDATE remote_events SET marked_at = NULL, ended = nextval('remote_event_ends'), failures = 0, not_before = now()
       WHERE source = $1 AND key = ANY ($2::text[]) AND marked_at IS NOT NULL`,
      [source, keys],
    );
  }

  /** For an event that is tried anew: the old failure is no longer its end. One that has ended since then stays ended. */
  async reopen(source: string, key: string): Promise<void> {
    await this.database.query(
      `UPDATE remote_events SET outcome = NULL, reason = NULL, ended = NULL, marked_at = NULL
       WHERE source = $1 AND key = $2 AND outcome = 'failed' AND marked_at IS NOT NULL`,
      [source, key],
    );
  }

  /** What the source is to be told, in the order in which it happened. */
  dueMarks(source: string, limit: number): Promise<DueMark[]> {
    return this.database.query(
      `SELECT key, remote_id AS "remoteId", outcome, reason, lease_token AS "leaseToken", ended, failures
       FROM remote_events WHERE source = $1 AND outcome IS NOT NULL AND marked_at IS NULL AND not_before <= now()
       ORDER BY ended LIMIT $2`,
      [source, limit],
    );
  }

  /** The source knows. Counts it, unless the event has ended otherwise since. */
  async settle(source: string, { key, ended }: DueMark): Promise<void> {
    await this.database.query(
      `WITH settled AS (
         UPDATE remote_events SET marked_at = now(), lease_token = NULL, lease_until = NULL
         WHERE source = $1 AND key = $2 AND ended = $3 AND marked_at IS NULL
         RETURNING outcome
       )
       UPDATE remote_sources
       SET processed = processed + (CASE outcome WHEN 'processed' THEN 1 ELSE 0 END),
           failed = failed + (CASE outcome WHEN 'failed' THEN 1 ELSE 0 END)
       FROM settled WHERE source = $1`,
      [source, key, ended],
    );
  }

  /** Lets the other marks pass: the source answers, but not to this one. It waits for 1, 2, 4 … seconds, at most a minute. */
  async putOff(source: string, { key, ended }: DueMark): Promise<void> {
    await this.database.query(
      `UPDATE remote_events
       SET failures = failures + 1, not_before = now() + make_interval(secs => least(60, power(2, least(failures, 6))))
       WHERE source = $1 AND key = $2 AND ended = $3`,
      [source, key, ended],
    );
  }

  /** Leases of what waits here that end within so many seconds. */
  endingLeases(source: string, seconds: number, limit: number): Promise<HeldLease[]> {
    return this.database.query(
      `SELECT key, remote_id AS "remoteId", lease_token AS "leaseToken" FROM remote_events
       WHERE source = $1 AND marked_at IS NULL AND outcome IS NULL AND lease_token IS NOT NULL
         AND lease_until < now() + make_interval(secs => $2)
       ORDER BY lease_until LIMIT $3`,
      [source, seconds, limit],
    );
  }

  /**
   * Null seconds: it cannot be prolonged. The token is kept, since a Guildcast takes a late word with it until somebody
   * else has the event.
   */
  async prolonged(source: string, { key, leaseToken }: HeldLease, seconds: number | null): Promise<void> {
    await this.database.query(
      `UPDATE remote_events SET lease_until = now() + make_interval(secs => $4::float8)
       WHERE source = $1 AND key = $2 AND lease_token = $3`,
      [source, key, leaseToken, seconds],
    );
  }

  /** How many events of a source are under way with us. */
  async countOpen(source: string): Promise<number> {
    const rows: { count: number }[] = await this.database.query(
      'SELECT count(*)::float8 AS count FROM remote_events WHERE source = $1 AND marked_at IS NULL',
      [source],
    );
    return rows[0]?.count ?? 0;
  }

  async noteMalformed(source: string, count: number): Promise<void> {
    await this.database.query('UPDATE remote_sources SET malformed = malformed + $2 WHERE source = $1', [
      source,
      count,
    ]);
  }

  async noteError(source: string, error: string): Promise<void> {
    await this.database.query(
      `INSERT INTO remote_sources (source, error, error_at) VALUES ($1, $2, now())
       ON CONFLICT (source) DO UPDATE SET error = excluded.error, error_at = now()`,
      [source, error],
    );
  }

  /** Of the sources that there is anything about. */
  figures(sources: readonly string[]): Promise<SourceFigures[]> {
    return this.database.query(
      `SELECT source, polled::float8, processed::float8, failed::float8, malformed::float8, polled_at AS "polledAt",
         error, error_at AS "errorAt", open.waiting::float8, open.untold::float8
       FROM remote_sources, LATERAL (
         SELECT count(*) FILTER (WHERE outcome IS NULL) AS waiting, count(*) FILTER (WHERE outcome IS NOT NULL) AS untold
         FROM remote_events WHERE remote_events.source = remote_sources.source AND marked_at IS NULL
       ) AS open
       WHERE source = ANY ($1::text[])`,
      [sources],
    );
  }

  /**
   * Forgets what the source was told of long ago and has not offered since, and what never came into the queue (the process
   * died) and is offered no more, as when another consumer took it: it would take the room of others for ever.
   */
  async forget(source: string): Promise<void> {
    await this.database.query(
      `DELETE FROM remote_events WHERE source = $1 AND key IN (
         (SELECT key FROM remote_events
          WHERE source = $1 AND marked_at < now() - make_interval(days => ${rememberedDays})
            AND offered_at < now() - make_interval(days => ${rememberedDays})
          LIMIT ${forgettingBatch})
         UNION ALL
         (SELECT key FROM remote_events AS event
          WHERE source = $1 AND marked_at IS NULL AND outcome IS NULL AND notification_id IS NULL
            AND offered_at < now() - interval '1 day'
            AND NOT EXISTS (SELECT FROM notifications WHERE publisher = 'source:' || $1::text AND idempotency_key = event.key)
          LIMIT ${forgettingBatch})
       )`,
      [source],
    );
  }
}

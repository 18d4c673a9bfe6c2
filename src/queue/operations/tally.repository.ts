import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type NotificationState } from '../../domain/notification.js';
import { type Hold } from '../notification.entity.js';

/** Types that are counted one by one: those of which most wait. */
const mostTypes = 50;

/** So many rows in one state. Those that wait are counted in their index, the ended ones by their tallies. */
export interface Tally {
  state: NotificationState;
  /** Of the target: user, channel, …; none for a target that leads nowhere. */
  kind: string;
  count: number;
  /** Why pending ones are not offered. */
  hold: Hold | 'group' | null;
  /** Of those that wait: due, or under a lease that is over. */
  deliverable: number;
  /** Under a lease that is not over. */
  running: number;
  /** Seconds since the oldest of those that wait was published. */
  oldestSeconds: number | null;
}

export interface Standing {
  /** The database's clock. */
  at: Date;
  tallies: Tally[];
  /** Of those that wait, the most frequent types. */
  types: { type: string; waiting: number }[];
}

type Row = Omit<Tally, 'kind'> & { at: Date; kind: string | null; type: string | null };

/** How many notifications there are. Each method is one statement. */
@Injectable()
export class TallyRepository {
  constructor(private readonly database: DataSource) {}

  /** Costs as much as rows wait, whatever has ended. */
  async standing(): Promise<Standing> {
    const rows: Row[] = await this.database.query(
      // What is read of each row is summed up first: of groups there are few.
      `WITH grouped AS (
         SELECT state, held, behind, coalesce(split_part(destination, ':', 1), 'none') AS kind, type, count(*) AS count,
           count(*) FILTER (WHERE CASE state WHEN 'leased' THEN lease_until ELSE not_before END <= now()) AS due,
           min(created_at) AS oldest
         FROM notifications WHERE state COLLATE "C" IN ('pending', 'leased') GROUP BY 1, 2, 3, 4, 5
       ), waiting AS (
         SELECT *, CASE WHEN state = 'pending' THEN coalesce(held, CASE WHEN behind THEN 'group' END) END AS hold,
           CASE WHEN state = 'leased' OR (held IS NULL AND NOT behind) THEN due ELSE 0 END AS deliverable,
           CASE WHEN state = 'leased' THEN count - due ELSE 0 END AS running
         FROM grouped
       ), counted AS (
         SELECT state, hold, kind, type, sum(count) AS count, sum(deliverable) AS deliverable, sum(running) AS running,
           min(oldest) AS oldest,
           row_number() OVER (PARTITION BY grouping(type) ORDER BY sum(count) DESC, type) AS place
         FROM waiting GROUP BY GROUPING SETS ((state, hold, kind), (type))
       )
       SELECT now() AS at, state, hold, kind, type, count::float8, deliverable::float8, running::float8,
         extract(epoch FROM now() - oldest)::float8 AS "oldestSeconds"
       FROM (SELECT now()) AS always LEFT JOIN counted ON type IS NULL OR place <= ${mostTypes}
       UNION ALL
       SELECT now(), state, NULL, kind, NULL, sum(count)::float8, 0, 0, NULL
       FROM (SELECT state, kind, count FROM notification_tallies
             UNION ALL SELECT state, kind, change FROM notification_tally_changes) AS ended
       GROUP BY state, kind`,
    );
    return {
      at: rows[0]?.at ?? new Date(),
      tallies: rows.flatMap(({ at: _at, type: _type, kind, ...tally }) => (kind === null ? [] : [{ ...tally, kind }])),
      types: rows
        .flatMap(({ type, count }) => (type === null ? [] : [{ type, waiting: count }]))
        .sort((one, other) => other.waiting - one.waiting),
    };
  }

  /** How many came to an end within the last hour, by state, to the minute. */
  async lastHour(): Promise<Partial<Record<NotificationState, number>>> {
    const rows: { state: NotificationState; count: number }[] = await this.database.query(
      `SELECT state, sum(count)::float8 AS count
       FROM (SELECT state, minute AS at, count FROM notification_minutes
             UNION ALL SELECT state, at, change FROM notification_tally_changes WHERE change > 0) AS ended
       WHERE at > now() - interval '1 hour' GROUP BY state`,
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  /** Adds up what has changed. Of processes that do so at once, each change is taken by one. */
  async fold(): Promise<void> {
    await this.database.query(
      `WITH taken AS (
         DELETE FROM notification_tally_changes RETURNING state, kind, change, date_trunc('minute', at) AS minute
       ), folded AS (
         INSERT INTO notification_tallies AS tally (state, kind, count)
         SELECT state, kind, sum(change) FROM taken GROUP BY state, kind ORDER BY state, kind
         ON CONFLICT (state, kind) DO UPDATE SET count = tally.count + excluded.count
       ), told AS (
         INSERT INTO notification_minutes AS told (minute, state, count)
         SELECT minute, state, sum(change) FROM taken WHERE change > 0 GROUP BY minute, state ORDER BY minute, state
         ON CONFLICT (minute, state) DO UPDATE SET count = told.count + excluded.count
       )
       DELETE FROM notification_minutes WHERE minute < now() - interval '2 hours'`,
    );
  }
}

/** How many of `tallies` are in each state. */
export function countByState(tallies: readonly Tally[]): Record<NotificationState, number> {
  const counts = { pending: 0, leased: 0, delivered: 0, dead: 0, unknown: 0, superseded: 0 };
  for (const { state, count } of tallies) counts[state] += count;
  return counts;
}

/** Seconds since the oldest that waits was published; null when none does. */
export function oldestSeconds(tallies: readonly Tally[]): number | null {
  const ages = tallies.flatMap((tally) => tally.oldestSeconds ?? []);
  return ages.length > 0 ? Math.max(...ages) : null;
}

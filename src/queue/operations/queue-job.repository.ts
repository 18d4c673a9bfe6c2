import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { priorities, type Priority } from '../../domain/notification.js';
import { priorityName, wakeChannel } from '../notification.repository.js';
import { type RetriedNotification } from '../inspection.repository.js';
import { marked } from '../pull.repository.js';
import { obstacle, renewal } from './renewal.js';

/** Rung when there is a new job. */
export const jobChannel = 'guildcast_queue_jobs';

/** Rows that one statement changes, and that it looks at to find them: it holds up nobody, however many there are. */
const batch = 500;
const lookedAt = 10_000;
/** Jobs that run at once. */
export const mostJobs = 10;

export type JobKind = 'redrive' | 'purge';
export type JobState = 'running' | 'done' | 'stopped';
export type GivenUpState = 'dead' | 'unknown' | 'superseded';

/** Which ended rows, of those that are there when the job begins. */
export interface JobSelection {
  ofState: GivenUpState;
  type?: string;
  /** Such as `user:<id>`. */
  destination?: string;
  /** Those that ended since; ISO 8601 with a zone. */
  since?: string;
  /** Those that ended more days ago. */
  olderThanDays?: number;
}

export interface QueueJob {
  id: string;
  kind: JobKind;
  state: JobState;
  ofState: GivenUpState;
  type: string | null;
  destination: string | null;
  since: Date | null;
  until: Date | null;
  /** Of redriven rows; null leaves theirs. */
  priority: Priority | null;
  /** Rows that it found when it began. */
  total: number;
  done: number;
  /** Rows that could not be had, or have changed meanwhile. */
  skipped: number;
  createdAt: Date;
  endedAt: Date | null;
}

/** What one batch of a job came to. */
export interface JobStep {
  state: JobState;
  done: number;
  /** Whether it came forward at all: rows may wait for somebody who is at work on their lane. */
  moved: boolean;
  /** Of guilds. */
  renewed: RetriedNotification[];
}

const shown = `id, kind, state, of_state AS "ofState", of_type AS type, of_destination AS destination,
  ended_from AS since, ended_until AS until, ${priorityName} AS priority, total::float8, done::float8, skipped::float8,
  created_at AS "createdAt", ended_at AS "endedAt"`;

/** Work on many rows, in batches whose progress is stored with them: a crash repeats nothing and forgets nothing. */
@Injectable()
export class QueueJobRepository {
  constructor(private readonly database: DataSource) {}

  /** Undefined while `mostJobs` run. One that finds nothing is done at once. */
  async create(kind: JobKind, selection: JobSelection, priority?: Priority): Promise<QueueJob | undefined> {
    const { ofState, type, destination, since, olderThanDays } = selection;
    const rows: QueueJob[] = await this.oneAtATime(
      `WITH given AS (
         SELECT $1::text AS kind, $2::text AS type, $3::text AS destination, $4::timestamptz AS since,
           statement_timestamp() - make_interval(days => $5) AS until, $6::smallint AS priority
       ), found AS (
         SELECT count(*) AS total, coalesce(max(id), 0) AS last FROM notifications
         WHERE ${rowsOf(ofState)} AND ${sieve('(SELECT type FROM given)', '(SELECT destination FROM given)', '(SELECT since FROM given)', '(SELECT until FROM given)')}
       ), made AS (
         INSERT INTO notification_jobs
           (kind, of_state, of_type, of_destination, ended_from, ended_until, priority, last, total, state, created_at, ended_at)
         SELECT kind, '${ofState}', type, destination, since, until, priority, last, total,
           CASE total WHEN 0 THEN 'done' ELSE 'running' END, statement_timestamp(),
           CASE total WHEN 0 THEN statement_timestamp() END
         FROM given, found
         WHERE (SELECT count(*) FROM notification_jobs WHERE state = 'running') < ${mostJobs}
         RETURNING *
       ), rung AS (SELECT pg_notify('${jobChannel}', '') FROM made)
       SELECT ${shown} FROM made JOIN rung ON true`,
      [
        kind,
        type ?? null,
        destination ?? null,
        since ?? null,
        olderThanDays ?? null,
        priority === undefined ? null : priorities.indexOf(priority),
      ],
    );
    return rows[0];
  }

  async find(kind: JobKind, id: string): Promise<QueueJob | undefined> {
    const rows: QueueJob[] = await this.database.query(
      `SELECT ${shown} FROM notification_jobs WHERE id = $1 AND kind = $2`,
      [id, kind],
    );
    return rows[0];
  }

  /** Ends a job that runs; what it has done stays done. */
  async stop(kind: JobKind, id: string): Promise<void> {
    await this.database.query(
      `UPDATE notification_jobs SET state = 'stopped', ended_at = now() WHERE id = $1 AND kind = $2 AND state = 'running'`,
      [id, kind],
    );
  }

  /** Oldest first. */
  async running(): Promise<QueueJob[]> {
    return this.database.query(
      `SELECT ${shown} FROM notification_jobs WHERE state = 'running' ORDER BY id LIMIT ${mostJobs}`,
    );
  }

  /**
   * One batch, in one statement with its progress. Undefined when another process is at work on the job, or it does not run
   * any more.
   */
  async step(job: QueueJob): Promise<JobStep | undefined> {
    const [step]: JobStep[] = await this.database.query(job.kind === 'redrive' ? redrive(job) : purge(job), [
      job.id,
      job.type,
      job.destination,
      job.since,
      job.until,
    ]);
    if (!step) return undefined;
    return { ...step, renewed: step.renewed.map((row) => ({ ...row, notBefore: new Date(row.notBefore) })) };
  }

  /** So that each sees how many run. */
  private oneAtATime<T>(statement: string, parameters: unknown[]): Promise<T> {
    return this.database.transaction(async (manager) => {
      await manager.query(`SELECT pg_advisory_xact_lock(hashtextextended('guildcast.queue_jobs', 0))`);
      return manager.query<T>(statement, parameters);
    });
  }
}

/** Not a parameter: the index is partial. */
function rowsOf(state: GivenUpState): string {
  return `state COLLATE "C" = '${state}'`;
}

function sieve(type: string, destination: string, since: string, until: string): string {
  return `(${type} IS NULL OR type = ${type}) AND (${destination} IS NULL OR destination = ${destination})
    AND (${since} IS NULL OR dead_at >= ${since}) AND (${until} IS NULL OR dead_at < ${until})`;
}

/** The job under its lock, the next rows in the order of their ids, and how far the look at them goes. */
function chosen({ ofState }: QueueJob, free: string): string {
  const ahead = `${rowsOf(ofState)} AND -id < -(SELECT "position" FROM job) AND -id >= -(SELECT last FROM job)`;
  return `job AS MATERIALIZED (
      SELECT * FROM notification_jobs WHERE id = $1 AND state = 'running' FOR UPDATE SKIP LOCKED
    ), edge AS MATERIALIZED (
      SELECT id FROM notifications WHERE ${ahead} ORDER BY -id DESC OFFSET ${lookedAt - 1} LIMIT 1
    ), found AS MATERIALIZED (
      SELECT id, lane FROM notifications
      WHERE ${ahead} AND -id >= -coalesce((SELECT id FROM edge), (SELECT last FROM job))
        AND ${sieve('$2::text', '$3::text', '$4::timestamptz', '$5::timestamptz')}
        AND dead_at <= (SELECT created_at FROM job)
      ORDER BY -id DESC LIMIT ${batch}
    ), tried AS MATERIALIZED (
      SELECT id, ${free} AS free FROM found
    ), chosen AS MATERIALIZED (
      SELECT id FROM tried WHERE id < coalesce((SELECT min(id) FROM tried WHERE NOT free), 9223372036854775807)
    )`;
}

/** Notes how far the job has come; `changed` are the rows that it had. */
function progress(changed: string): string {
  return `reached AS MATERIALIZED (
      SELECT coalesce((SELECT min(id) - 1 FROM tried WHERE NOT free),
                      (SELECT max(id) FROM found HAVING count(*) = ${batch}),
                      (SELECT id FROM edge), job.last) AS id, job."position" AS before
      FROM job
    ), noted AS (
      UPDATE notification_jobs AS noted
      SET "position" = reached.id, done = done + (SELECT count(*) FROM ${changed}),
          skipped = CASE WHEN reached.id >= last THEN greatest(0, total - done - (SELECT count(*) FROM ${changed}))
                         ELSE skipped + (SELECT count(*) FROM chosen) - (SELECT count(*) FROM ${changed}) END,
          state = CASE WHEN reached.id >= last THEN 'done' ELSE state END,
          ended_at = CASE WHEN reached.id >= last THEN now() END
      FROM reached WHERE noted.id = (SELECT id FROM job)
      RETURNING noted.state, reached.id > reached.before AS moved
    )`;
}

function redrive(job: QueueJob): string {
  const priority = job.priority === null ? 'priority' : String(priorities.indexOf(job.priority));
  // Whoever publishes into a lane, or settles a row of it, holds its lock. To wait for one lane while holding another could
  // end in a deadlock with them: the batch ends before the first lane that is busy.
  const free = 'lane IS NULL OR pg_try_advisory_xact_lock(hashtextextended(lane, 0))';
  return `WITH ${chosen(job, free)}, taken AS MATERIALIZED (
      SELECT id FROM notifications
      WHERE id IN (SELECT id FROM chosen) AND ${rowsOf(job.ofState)} AND ${obstacle} IS NULL
      FOR UPDATE SKIP LOCKED
    ), renewed AS (
      UPDATE notifications SET ${renewal}, priority = ${priority} WHERE id IN (SELECT id FROM taken) RETURNING *
    ), ${progress('renewed')}, rung AS (SELECT pg_notify('${wakeChannel}', '') FROM renewed LIMIT 1)
    SELECT state, moved, (SELECT count(*) FROM renewed)::float8 AS done,
      coalesce((SELECT json_agg(told) FROM (SELECT ${marked.replace(/^id/, 'id::text')} FROM renewed
                                            WHERE guild_id IS NOT NULL ORDER BY renewed.id) AS told), '[]') AS renewed
    FROM noted LEFT JOIN rung ON true`;
}

function purge(job: QueueJob): string {
  return `WITH ${chosen(job, 'true')}, taken AS MATERIALIZED (
      SELECT id FROM notifications WHERE id IN (SELECT id FROM chosen) AND ${rowsOf(job.ofState)}
      FOR UPDATE SKIP LOCKED
    ), deleted AS (
      DELETE FROM notifications WHERE id IN (SELECT id FROM taken) RETURNING id
    ), ${progress('deleted')}
    SELECT state, moved, (SELECT count(*) FROM deleted)::float8 AS done, '[]'::json AS renewed
    FROM noted`;
}

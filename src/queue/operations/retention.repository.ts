import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Rows of one statement: short enough to hold up nobody. */
export const retentionBatch = 500;

/** Which rows, by which time, as the partial indexes have them. */
const kept = {
  delivered: { rows: `state = 'delivered'`, ended: 'delivered_at' },
  superseded: { rows: `state = 'superseded'`, ended: 'dead_at' },
  dead: { rows: `state = 'dead'`, ended: 'dead_at' },
  unknown: { rows: `state = 'unknown'`, ended: 'dead_at' },
} as const;
export type EndedState = keyof typeof kept;

/** What is deleted when its time is over, with its tries. Each method is one statement. */
@Injectable()
export class RetentionRepository {
  constructor(private readonly database: DataSource) {}

  /** Deletes up to `retentionBatch` rows that ended more than `days` ago; answers how many. */
  async deleteEnded(state: EndedState, days: number): Promise<number> {
    const { rows, ended } = kept[state];
    const [, deleted]: [unknown[], number] = await this.database.query(
      `DELETE FROM notifications WHERE id IN (
         SELECT id FROM notifications WHERE ${rows} AND ${ended} < now() - make_interval(days => $1)
         ORDER BY ${ended} LIMIT ${retentionBatch} FOR UPDATE SKIP LOCKED
       )`,
      [days],
    );
    return deleted;
  }

  /** Forgets jobs that ended more than `days` ago. */
  async deleteJobs(days: number): Promise<void> {
    await this.database.query(
      `DELETE FROM notification_jobs WHERE state <> 'running' AND ended_at < now() - make_interval(days => $1)`,
      [days],
    );
  }
}

import { beforeEach } from 'vitest';
import { type PullRequest } from '../../../src/queue/pull-queue.js';
import { type PulledNotification } from '../../../src/queue/pull.repository.js';
import { aNotification, QueueBench, type RunningQueue } from './queue-fixture.js';

/** Of somebody who waits for the answer. */
export const here = new AbortController().signal;

/** Consumers at a queue whose notifications are pulled, with a retry schedule of 5 and 30 seconds. */
export class PullBench extends QueueBench {
  process!: RunningQueue;

  constructor() {
    super();
    beforeEach(async () => {
      this.process = await this.start({ QUEUE_DELIVERY: 'pull', QUEUE_RETRY_SCHEDULE: '5,30' }, false);
    });
  }

  /** Answers the ids. */
  async publish(count = 1, more: object = {}): Promise<string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) ids.push((await this.process.queue.publish({ ...aNotification, ...more })).id);
    return ids;
  }

  /** Under an implicit lease unless `leaseSeconds` is given. */
  async claim(request: Partial<PullRequest> = {}): Promise<PulledNotification[]> {
    return (await this.process.pull.claim({ limit: 50, ...request }, here)).rows;
  }

  async claimedIds(request?: Partial<PullRequest>): Promise<string[]> {
    return (await this.claim(request)).map(({ id }) => id);
  }

  async expireAll(): Promise<void> {
    await this.rows(`update notifications set lease_until = now() - interval '1 second'`);
  }

  async row(id: string): Promise<Record<string, unknown>> {
    const [row] = await this.rows<Record<string, unknown>>('select * from notifications where id = $1', [id]);
    if (!row) throw new Error(`there is no row ${id}`);
    return row;
  }

  async leaseSecondsOf(id: string): Promise<number> {
    const [row] = await this.rows<{ left: number }>(
      'select extract(epoch from lease_until - now())::float8 as left from notifications where id = $1',
      [id],
    );
    return row?.left ?? NaN;
  }

  async tries(id: string): Promise<{ attempt: number; outcome: string; reason?: string }[]> {
    return (await this.process.queue.get(id)).attempts;
  }
}

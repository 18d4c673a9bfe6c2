import { Client } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { type QueueJob } from '../../../src/queue/operations/queue-job.repository.js';
import { OperationsBench, person } from './operations-bench.js';
import { guildId } from './queue-fixture.js';

/** Pulled rows stay where they are while workers run. */
const idle = { delivery: `'pull'` };

describe('redrives and purges', { timeout: 120_000 }, () => {
  const bench = new OperationsBench();

  async function until(job: QueueJob, state: QueueJob['state']): Promise<QueueJob> {
    return vi.waitFor(
      async () => {
        const found = await bench.jobs.find(job.kind, job.id);
        expect(found.state).toBe(state);
        return found;
      },
      { timeout: 60_000, interval: 20 },
    );
  }

  const count = async (state: string) =>
    (await bench.rows<{ count: number }>('select count(*)::int from notifications where state = $1', [state]))[0]!
      .count;

  const start = () => bench.start({ QUEUE_DELIVERY: 'pull' });

  it('makes 5 000 dead ones new over the stop of one process and with two at work', async () => {
    await bench.seed(5_000, 'dead', { ...idle, attempts: '7' });
    await bench.seed(3, 'delivered', idle);
    const first = await start();
    const job = await bench.jobs.redrive({ ofState: 'dead' }, 'low');
    expect(job).toMatchObject({ kind: 'redrive', state: 'running', total: 5_000, done: 0, skipped: 0, endedAt: null });
    await vi.waitFor(async () => expect((await bench.jobs.find('redrive', job.id)).done).toBeGreaterThan(0), {
      timeout: 20_000,
      interval: 1,
    });
    await bench.stop(first);
    const halfway = await bench.jobs.find('redrive', job.id);
    expect(halfway).toMatchObject({ state: 'running', skipped: 0 });
    expect(halfway.done).toBeLessThan(5_000);
    expect(await count('pending')).toBe(halfway.done);
    await Promise.all([start(), start()]);
    const done = await until(job, 'done');
    expect(done).toMatchObject({ total: 5_000, done: 5_000, skipped: 0, endedAt: expect.any(Date) as Date });
    expect(
      await bench.rows(
        `select state, attempts, priority, count(*)::int from notifications group by 1, 2, 3 order by 1`,
      ),
    ).toEqual([
      { state: 'delivered', attempts: 0, priority: 1, count: 3 },
      { state: 'pending', attempts: 0, priority: 0, count: 5_000 },
    ]);
  });

  it('loses and repeats nothing when its connection dies in the middle of a batch', async () => {
    await bench.seed(1_200, 'dead', idle);
    const blocker = new Client({ connectionString: bench.url });
    await blocker.connect();
    try {
      // The batch changes its rows and then waits for the tallies.
      await blocker.query('begin');
      await blocker.query('lock table notification_tally_changes in share mode');
      const running = await start();
      const job = await bench.jobs.redrive({ ofState: 'dead' });
      const killed = await vi.waitFor(
        async () => {
          // What a transaction sees of the others is as it was at its first look.
          await blocker.query('select pg_stat_clear_snapshot()');
          const rows = await blocker.query(
            `select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock' and query like '%notification_jobs%'`,
          );
          expect(rows.rowCount).toBeGreaterThan(0);
          return rows.rowCount;
        },
        { timeout: 20_000, interval: 20 },
      );
      expect(killed).toBe(1);
      await vi.waitFor(async () => expect((await bench.jobs.find('redrive', job.id)).done).toBe(0));
      expect(await count('dead')).toBe(1_200);
      await blocker.query('commit');
      expect(await until(job, 'done')).toMatchObject({ done: 1_200, skipped: 0 });
      expect(await count('pending')).toBe(1_200);
      expect(running).toBeDefined();
    } finally {
      await blocker.end();
    }
  });

  it('takes those of a type, a destination and a time, and leaves priorities when asked to', async () => {
    const ago = (days: number) => ({ ...idle, dead_at: `now() - interval '${days} days'`, priority: '2' });
    const [wanted] = await bench.seed(1, 'dead', { ...ago(1), type: `'a'` });
    await bench.seed(1, 'dead', { ...ago(1), type: `'b'` });
    await bench.seed(1, 'dead', { ...ago(5), type: `'a'` });
    await bench.seed(1, 'dead', { ...ago(1), type: `'a'`, target: `'{"userId":"100000000000000002"}'` });
    await start();
    const since = new Date(Date.now() - 2 * 86_400_000).toISOString();
    const job = await bench.jobs.redrive({ ofState: 'dead', type: 'a', destination: `user:${person}`, since });
    expect(await until(job, 'done')).toMatchObject({ total: 1, done: 1, type: 'a', priority: null });
    expect(await bench.rows(`select id, priority from notifications where state = 'pending'`)).toEqual([
      { id: wanted, priority: 2 },
    ]);
  });

  it('finds few among many without end', async () => {
    const [first] = await bench.seed(1, 'dead', { ...idle, type: `'rare'` });
    await bench.seed(21_000, 'dead', idle);
    const [last] = await bench.seed(1, 'dead', { ...idle, type: `'rare'` });
    const job = await bench.jobs.redrive({ ofState: 'dead', type: 'rare' });
    const steps = [
      await bench.jobRepository.step(job),
      await bench.jobRepository.step(job),
      await bench.jobRepository.step(job),
    ];
    expect(steps.map((step) => [step?.done, step?.state])).toEqual([
      [1, 'running'],
      [0, 'running'],
      [1, 'done'],
    ]);
    expect(await bench.rows(`select id from notifications where state = 'pending' order by id`)).toEqual([
      { id: first },
      { id: last },
    ]);
  });

  it('skips what cannot be tried, is held by another, or died again meanwhile', async () => {
    const [closed] = await bench.seed(1, 'dead', { target: `'{"webhookId":"300000"}'` });
    const [held] = await bench.seed(1, 'dead', idle);
    const [fine] = await bench.seed(1, 'dead', idle);
    const job = await bench.jobs.redrive({ ofState: 'dead' });
    const [later] = await bench.seed(1, 'dead', idle);
    const blocker = new Client({ connectionString: bench.url });
    await blocker.connect();
    try {
      await blocker.query('begin');
      await blocker.query('select from notifications where id = $1 for update', [held]);
      await bench.rows(`update notification_jobs set last = $1`, [later]);
      await start();
      expect(await until(job, 'done')).toMatchObject({ total: 3, done: 1, skipped: 2 });
    } finally {
      await blocker.end();
    }
    const left = await bench.rows<{ id: string }>(`select id from notifications where state = 'dead' order by id`);
    expect(left.map(({ id }) => id)).toEqual([closed, held, later]);
    expect(await bench.rows('select state from notifications where id = $1', [fine])).toEqual([{ state: 'pending' }]);
  });

  it('keeps the order of groups', async () => {
    const ids = await bench.seed(30, 'dead', { ...idle, group_key: `'g' || n % 3` });
    // Where they lie in the table, and so the order in which they are met, is not that of their ids.
    for (const id of [...ids].reverse()) await bench.rows(`update notifications set reason = 'x' where id = $1`, [id]);
    await bench.rows('vacuum full notifications');
    await bench.rows('analyze notifications');
    await start();
    const job = await bench.jobs.redrive({ ofState: 'dead' });
    expect(await until(job, 'done')).toMatchObject({ done: 30 });
    expect(await bench.rows(`select id from notifications where not behind order by id`)).toEqual(
      ids.slice(0, 3).map((id) => ({ id })),
    );
  });

  it('waits for no lane that is busy while it holds another, and passes it later', async () => {
    const ids = await bench.seed(3, 'dead', { ...idle, group_key: `'g' || n` });
    const blocker = new Client({ connectionString: bench.url });
    await blocker.connect();
    try {
      await blocker.query('begin');
      await blocker.query(`select pg_advisory_xact_lock(hashtextextended(lane, 0)) from notifications where id = $1`, [
        ids[1],
      ]);
      const job = await bench.jobs.redrive({ ofState: 'dead' });
      expect(await bench.jobRepository.step(job)).toMatchObject({ done: 1, state: 'running', moved: true });
      expect(await bench.jobRepository.step(job)).toMatchObject({ done: 0, state: 'running', moved: false });
      await blocker.query('commit');
      expect(await bench.jobRepository.step(job)).toMatchObject({ done: 2, state: 'done' });
    } finally {
      await blocker.end();
    }
  });

  it('lets publishers and workers pass while a batch is under way', async () => {
    await bench.seed(600, 'dead', idle);
    const job = await bench.jobs.redrive({ ofState: 'dead' });
    await bench.observer.database.transaction(async (manager) => {
      // A batch that does not end.
      await manager.query('select from notification_jobs where id = $1 for update', [job.id]);
      await manager.query(`update notifications set state = 'pending' where state = 'dead'`);
      const other = await bench.start({}, false);
      const { id } = await other.queue.publish({ target: { userId: person }, type: 'x', publisher: 'tester' });
      const claimed = await other.leases.claim(10, 60);
      expect(claimed.map((notification) => notification.id)).toEqual([id]);
      await other.leases.settle(claimed[0]!, { state: 'delivered', outcome: 'sent' });
      expect(await bench.jobRepository.step(job)).toBeUndefined();
      expect((await bench.operations.stats()).states.dead).toBe(600);
    });
  });

  it('lets what is new pass what was redriven', async () => {
    await bench.seed(1, 'dead');
    const job = await bench.jobs.redrive({ ofState: 'dead' }, 'low');
    await bench.jobRepository.step(job);
    const { id } = await bench.observer.queue.publish({ target: { userId: person }, type: 'x', publisher: 'tester' });
    expect((await bench.observer.leases.claim(1, 60)).map((row) => row.id)).toEqual([id]);
  });

  it('tells the rooms of guilds', async () => {
    const [id] = await bench.seed(1, 'dead', { ...idle, guild_id: `'${guildId}'` });
    const running = await start();
    await until(await bench.jobs.redrive({ ofState: 'dead' }), 'done');
    await vi.waitFor(() =>
      expect(running.events).toMatchObject([
        { type: 'notification.retrying', guildId, data: { id, target: 'user', attempts: 0 } },
      ]),
    );
  });

  it('ends where it is stopped', async () => {
    await bench.seed(1_100, 'dead', idle);
    const job = await bench.jobs.redrive({ ofState: 'dead' });
    await bench.jobRepository.step(job);
    const stopped = await bench.jobs.stop('redrive', job.id);
    expect(stopped).toMatchObject({ state: 'stopped', done: 500, endedAt: expect.any(Date) as Date });
    expect(await bench.jobRepository.step(job)).toBeUndefined();
    expect(await bench.jobs.stop('redrive', job.id)).toEqual(stopped);
    expect(await count('dead')).toBe(600);
  });

  it('deletes what a purge is for, with its tries, and counts it', async () => {
    const old = { ...idle, dead_at: `now() - interval '10 days'` };
    const ids = await bench.seed(700, 'dead', old);
    await bench.rows(
      `insert into notification_attempts (notification_id, attempt, outcome) values ($1, 1, 'failed'), ($2, 1, 'failed')`,
      [ids[0], (await bench.seed(1, 'dead', idle))[0]],
    );
    await bench.seed(1, 'dead', { ...idle, dead_at: `now() - interval '8 days'` });
    await bench.seed(1, 'unknown', old);
    await bench.seed(1, 'superseded', { ...idle, dead_at: `now() - interval '6 days'` });
    const running = await start();
    const job = await bench.jobs.purge({ ofState: 'dead', olderThanDays: 9 });
    expect(await until(job, 'done')).toMatchObject({ kind: 'purge', total: 700, done: 700, skipped: 0 });
    expect(await count('dead')).toBe(2);
    expect(await bench.rows('select from notification_attempts')).toHaveLength(1);
    await until(await bench.jobs.purge({ ofState: 'superseded', olderThanDays: 5 }), 'done');
    expect((await bench.operations.stats()).states).toMatchObject({ dead: 2, unknown: 1, superseded: 0 });
    const told = 'guildcast_notifications_deleted_total{by="purge"} 701';
    await vi.waitFor(async () => expect((await running.metrics.expose()).includes(told)).toBe(true));
  });

  it('refuses more than ten at once, also of those that are asked for at the same moment', async () => {
    await bench.seed(30_000, 'dead', idle);
    for (let n = 0; n < 7; n += 1) await bench.jobs.redrive({ ofState: 'dead' });
    const asked = Array.from({ length: 20 }, () => bench.jobs.redrive({ ofState: 'dead' }));
    const answers = await Promise.allSettled(asked);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'request.conflict' } });
  });

  it('is done at once when there is nothing, and refuses more than ten at once', async () => {
    expect(await bench.jobs.purge({ ofState: 'unknown', olderThanDays: 0 })).toMatchObject({ state: 'done', total: 0 });
    await bench.seed(1, 'dead', idle);
    for (let i = 0; i < 10; i += 1) await bench.jobs.redrive({ ofState: 'dead' });
    await expect(bench.jobs.redrive({ ofState: 'dead' })).rejects.toMatchObject({ code: 'request.conflict' });
    await bench.jobs.stop('redrive', '2');
    await bench.jobs.redrive({ ofState: 'dead' });
    await expect(bench.jobs.find('purge', '2')).rejects.toMatchObject({ code: 'resource.not_found' });
    await expect(bench.jobs.find('redrive', 'x')).rejects.toMatchObject({ code: 'resource.not_found' });
  });
});

import { describe, expect, it, vi } from 'vitest';
import { OperationsBench } from './operations-bench.js';

describe('the retention', { timeout: 60_000 }, () => {
  const bench = new OperationsBench();
  const left = async () =>
    (await bench.rows<{ id: string }>('select id from notifications order by id')).map(({ id }) => id);

  it('keeps each kind of end for its own time, and deletes tries and jobs along', async () => {
    const at = (days: number) => `now() - interval '${days} days'`;
    const kept = [
      ...(await bench.seed(1, 'delivered', { delivered_at: at(6), created_at: at(40) })),
      ...(await bench.seed(1, 'superseded', { dead_at: at(6) })),
      ...(await bench.seed(1, 'dead', { dead_at: at(29) })),
      ...(await bench.seed(1, 'unknown', { dead_at: at(29) })),
      ...(await bench.seed(1, 'pending', { delivery: `'pull'`, created_at: at(90) })),
    ];
    const gone = [
      ...(await bench.seed(1_001, 'delivered', { delivered_at: at(8) })),
      ...(await bench.seed(1, 'superseded', { dead_at: at(8) })),
      ...(await bench.seed(1, 'dead', { dead_at: at(31) })),
      ...(await bench.seed(1, 'unknown', { dead_at: at(31) })),
    ];
    await bench.rows(`insert into notification_attempts (notification_id, attempt, outcome) values ($1, 1, 'failed')`, [
      gone.at(-1),
    ]);
    for (const days of [29, 31]) {
      const job = await bench.jobs.purge({ ofState: 'dead', olderThanDays: 3_000 });
      await bench.rows('update notification_jobs set ended_at = now() - make_interval(days => $2) where id = $1', [
        job.id,
        days,
      ]);
    }
    await bench.start({ QUEUE_DELIVERY: 'pull' });
    await vi.waitFor(async () => expect(await left()).toEqual(kept), { timeout: 20_000 });
    expect(await bench.rows('select from notification_attempts')).toHaveLength(0);
    await vi.waitFor(async () => expect(await bench.rows('select id from notification_jobs')).toEqual([{ id: '1' }]));
  });

  it('follows its settings', async () => {
    const [delivered, dead] = [
      ...(await bench.seed(1, 'delivered', { delivered_at: `now() - interval '20 days'` })),
      ...(await bench.seed(1, 'dead', { dead_at: `now() - interval '20 days'` })),
    ];
    await bench.start({ QUEUE_RETENTION_DAYS: '21', QUEUE_DEAD_RETENTION_DAYS: '19' });
    await vi.waitFor(async () => expect(await left()).toEqual([delivered]), { timeout: 20_000 });
    expect(dead).toBeDefined();
  });

  it('deletes by hand what was published long ago and delivered, however much lies before it', async () => {
    const at = `now() - interval '9 days'`;
    await bench.seed(2_500, 'dead', { created_at: at });
    const [channel] = await bench.seed(1, 'delivered', { created_at: at, target: `'{"channelId":"200000"}'` });
    await bench.seed(3, 'delivered', { created_at: at });
    const [young] = await bench.seed(1, 'delivered');
    expect(await bench.observer.inspection.deleteDelivered(10)).toBe(0);
    expect(await bench.observer.inspection.deleteDelivered(8)).toBe(3);
    expect((await left()).slice(2_500)).toEqual([channel, young]);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { QueueMetrics } from '../../../src/queue/queue.metrics.js';
import { countByState } from '../../../src/queue/operations/tally.repository.js';
import { OperationsBench } from './operations-bench.js';
import { aNotification, untilState } from './queue-fixture.js';

describe('the tallies', { timeout: 60_000 }, () => {
  const bench = new OperationsBench();

  /** By the tallies, and counted. */
  async function both(): Promise<[object, object]> {
    const rows = await bench.rows<{ state: string; count: number }>(
      `select state, count(*)::int from notifications group by state`,
    );
    const { tallies } = await bench.tallies.standing();
    const none = { pending: 0, leased: 0, delivered: 0, dead: 0, unknown: 0, superseded: 0 };
    return [countByState(tallies), { ...none, ...Object.fromEntries(rows.map((row) => [row.state, row.count])) }];
  }

  it('are true after whatever happens to rows, before and after they are folded', async () => {
    await bench.seed(7, 'delivered');
    await bench.seed(5, 'dead');
    await bench.seed(3, 'pending');
    await bench.seed(2, 'unknown', { target: `'{"webhookId":"300000"}'` });
    await bench.seed(1, 'leased', { lease_until: 'now()' });
    const check = async () => {
      const [told, counted] = await both();
      expect(told).toEqual(counted);
    };
    await check();
    await bench.tallies.fold();
    await check();
    expect(await bench.rows('select from notification_tally_changes')).toHaveLength(0);
    await bench.rows(`update notifications set state = 'pending' where state = 'dead' and id % 2 = 0`);
    await bench.rows(`update notifications set state = 'delivered' where state = 'unknown'`);
    await bench.rows(`update notifications set reason = 'x' where state = 'delivered'`);
    await bench.rows(`update notifications set state = 'delivered' where state = 'delivered'`);
    await check();
    await bench.rows(`delete from notifications where id % 3 = 0`);
    await check();
    await bench.tallies.fold();
    await check();
    await bench.rows(`delete from notifications`);
    await check();
    await bench.rows('truncate notifications, notification_attempts');
    await check();
  });

  it('are true while rows end and several processes fold', async () => {
    await bench.rows(
      `insert into notification_tallies (state, kind, count) values ('delivered', 'user', 0), ('dead', 'user', 0)`,
    );
    const ids = await bench.seed(200, 'pending');
    const ends = ids.map((id, index) =>
      bench.rows(`update notifications set state = $2 where id = $1`, [id, index % 4 === 0 ? 'dead' : 'delivered']),
    );
    const folds = Array.from({ length: 30 }, () => bench.tallies.fold());
    const looks = Array.from({ length: 30 }, async () => {
      const { tallies } = await bench.tallies.standing();
      expect(tallies.reduce((sum, { count }) => sum + count, 0)).toBe(200);
    });
    await Promise.all([...ends, ...folds, ...looks]);
    const [told, counted] = await both();
    expect(told).toEqual(counted);
    expect(told).toMatchObject({ delivered: 150, dead: 50 });
  });

  it('forget what was rolled back', async () => {
    const [id] = await bench.seed(1, 'pending');
    const undone = bench.observer.database.transaction(async (manager) => {
      await manager.query(`update notifications set state = 'dead' where id = $1`, [id]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    const [told] = await both();
    expect(told).toMatchObject({ pending: 1, dead: 0 });
  });

  it('are kept by every process, and tell what ended within the last hour', async () => {
    await bench.seed(4, 'delivered');
    await bench.seed(2, 'dead');
    await bench.seed(1, 'pending', { not_before: `now() + interval '1 hour'` });
    expect((await bench.operations.stats()).lastHour).toEqual({ delivered: 4, dead: 2, unknown: 0 });
    await bench.start({}, true);
    await vi.waitFor(async () => expect(await bench.rows('select from notification_tally_changes')).toHaveLength(0), {
      timeout: 15_000,
      interval: 100,
    });
    expect((await bench.operations.stats()).lastHour.delivered).toBeGreaterThanOrEqual(4);
    await bench.rows(`update notification_minutes set minute = minute - interval '61 minutes'`);
    expect((await bench.operations.stats()).lastHour).toEqual({ delivered: 0, dead: 0, unknown: 0 });
    await bench.rows(`update notification_minutes set minute = minute - interval '60 minutes'`);
    await bench.tallies.fold();
    expect(await bench.rows('select from notification_minutes')).toHaveLength(0);
  });

  it('are what stats and the dialect tell, with what waits beside them', async () => {
    await bench.seed(3, 'delivered');
    await bench.seed(1, 'delivered', { target: `'{"channelId":"200000"}'` });
    await bench.seed(2, 'dead', { type: `'minecraft_status'` });
    await bench.seed(1, 'superseded');
    await bench.seed(2, 'pending', { created_at: `now() - interval '90 seconds'` });
    await bench.seed(1, 'pending', { not_before: `now() + interval '1 hour'`, type: `'later'` });
    await bench.seed(1, 'pending', { held: `'off'` });
    await bench.seed(2, 'pending', { held: `'paused'`, target: `'{"channelId":"200000"}'` });
    await bench.seed(3, 'pending', { group_key: `'g'` });
    await bench.seed(1, 'leased', { lease_until: `now() + interval '1 hour'` });
    await bench.seed(1, 'leased', { lease_until: `now() - interval '1 second'` });
    const { at, ...stats } = await bench.operations.stats();
    expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000);
    expect(stats).toEqual({
      states: { pending: 9, leased: 2, delivered: 4, dead: 2, unknown: 0, superseded: 1 },
      kinds: [
        { kind: 'channel', states: { pending: 2, leased: 0, delivered: 1, dead: 0, unknown: 0, superseded: 0 } },
        { kind: 'user', states: { pending: 7, leased: 2, delivered: 3, dead: 2, unknown: 0, superseded: 1 } },
      ],
      types: [
        { type: 'backup_error', waiting: 10 },
        { type: 'later', waiting: 1 },
      ],
      deliverable: 4,
      leased: 1,
      held: { group: 2, paused: 2, off: 1, digest: 0 },
      oldestWaitingSeconds: expect.closeTo(90, -2) as number,
      lastHour: { delivered: 4, dead: 2, unknown: 0 },
    });
    expect(stats.oldestWaitingSeconds).toBeGreaterThanOrEqual(90);
    const { found } = await bench.observer.inspection.counts();
    expect(found).toMatchObject({ total: 15, delivered: 3, dead: 2, undelivered: 12, deliverable: 4, leased: 1 });
  });

  it('tell nothing of nothing', async () => {
    expect(await bench.operations.stats()).toMatchObject({
      states: { pending: 0, leased: 0, delivered: 0, dead: 0, unknown: 0, superseded: 0 },
      kinds: [],
      types: [],
      oldestWaitingSeconds: null,
    });
  });
});

describe('measurements of the queue', { timeout: 60_000 }, () => {
  const bench = new OperationsBench();

  async function read(metrics: Metrics, sample: string): Promise<number | undefined> {
    const line = (await metrics.expose()).split('\n').find((candidate) => candidate.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length));
  }

  it('tell how old the oldest is that waits, and count by the tallies', async () => {
    await bench.seed(2, 'delivered');
    await bench.seed(1, 'pending', { created_at: `now() - interval '500 seconds'` });
    const metrics = new Metrics();
    new QueueMetrics(bench.tallies, metrics);
    expect(await read(metrics, 'guildcast_notification_oldest_waiting_seconds')).toBeGreaterThanOrEqual(500);
    expect(await read(metrics, 'guildcast_notifications{state="delivered"}')).toBe(2);
    expect(await read(metrics, 'guildcast_notifications{state="pending"}')).toBe(1);
  });

  it('say 0 when nothing waits', async () => {
    const metrics = new Metrics();
    new QueueMetrics(bench.tallies, metrics);
    expect(await read(metrics, 'guildcast_notification_oldest_waiting_seconds')).toBe(0);
  });

  it('time deliveries, and count lost leases, wakeups and what retention deletes', async () => {
    const [lost] = await bench.seed(1, 'leased', {
      lease_until: `now() - interval '1 second'`,
      lease_token: 'gen_random_uuid()',
      created_at: `now() - interval '20 seconds'`,
    });
    await bench.seed(3, 'delivered', { delivered_at: `now() - interval '8 days'` });
    await bench.seed(1, 'leased', { lease_until: `now() - interval '1 second'`, delivery: `'pull'` });
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1' });
    const { metrics } = running;
    await untilState(running, lost!, 'delivered');
    await vi.waitFor(
      async () => {
        expect(await read(metrics, 'guildcast_notification_lease_expiries_total{delivery="push"}')).toBe(1);
        expect(await read(metrics, 'guildcast_notification_lease_expiries_total{delivery="pull"}')).toBe(1);
        expect(await read(metrics, 'guildcast_notifications_deleted_total{by="retention"}')).toBe(3);
        expect(await read(metrics, 'guildcast_notification_latency_seconds_count')).toBe(1);
        expect(await read(metrics, 'guildcast_queue_wakeups_total{by="time"}')).toBeGreaterThan(0);
      },
      { timeout: 10_000, interval: 50 },
    );
    expect(await read(metrics, 'guildcast_notification_latency_seconds_bucket{le="15"}')).toBe(0);
    expect(await read(metrics, 'guildcast_notification_latency_seconds_bucket{le="60"}')).toBe(1);
    const before = (await read(metrics, 'guildcast_queue_wakeups_total{by="notify"}'))!;
    await untilState(running, (await running.queue.publish(aNotification)).id, 'delivered');
    await vi.waitFor(async () =>
      expect(await read(metrics, 'guildcast_queue_wakeups_total{by="notify"}')).toBeGreaterThan(before),
    );
    await vi.waitFor(async () => expect(await read(metrics, 'guildcast_notification_latency_seconds_count')).toBe(2));
    const { id } = await running.queue.publish({ ...aNotification, delivery: 'pull' });
    const gone = new AbortController().signal;
    await running.pull.claim({ limit: 10 }, gone);
    await running.pull.mark(id, { sent: true });
    expect(await read(metrics, 'guildcast_notification_latency_seconds_count')).toBe(3);
    await running.inspection.remove(id);
    await running.inspection.removeIdle(lost!);
    await expect(running.inspection.removeIdle(lost!)).rejects.toMatchObject({ code: 'notification.not_found' });
    await running.inspection.deleteDelivered(0);
    expect(await read(metrics, 'guildcast_notifications_deleted_total{by="operator"}')).toBe(3);
  });
});

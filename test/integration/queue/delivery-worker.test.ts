import { describe, expect, it, vi } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { aNotification, QueueBench, untilState } from './queue-fixture.js';

/** Longer than any test: what happens in time happens for another reason than the poll. */
const noPoll = { QUEUE_POLL_SECONDS: '3600' };

describe('the worker', () => {
  const bench = new QueueBench();

  it('is woken by what another process publishes', async () => {
    const running = await bench.start(noPoll);
    const first = await running.queue.publish(aNotification);
    await untilState(running, first.id, 'delivered');
    const { id } = await bench.observer.queue.publish(aNotification);
    await untilState(bench.observer, id, 'delivered');
  });

  it('is woken again after its listening connection broke', async () => {
    const running = await bench.start(noPoll);
    await untilState(running, (await running.queue.publish(aNotification)).id, 'delivered');
    await bench.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and query like 'LISTEN%'`,
    );
    const { id } = await running.queue.publish(aNotification);
    await untilState(running, id, 'delivered');
  });

  it('finds by itself what nobody told it of', async () => {
    await bench.start({ QUEUE_POLL_SECONDS: '1' });
    // More than one, since the listening connection wakes the worker when it comes to stand.
    for (let round = 1; round <= 3; round += 1) {
      await bench.rows(
        `insert into notifications (target, type, payload, nonce, publisher)
         values ('{"userId":"10000"}', 'x', '{}', 'n' || $1, 'tester')`,
        [round],
      );
      await vi.waitFor(() => expect(bench.sender.sendings).toHaveLength(round), { timeout: 10_000 });
    }
  });

  it('keeps the lease of a delivery that takes longer than the lease', async () => {
    let arrive: (outcome: SendOutcome) => void = () => undefined;
    bench.sender.answer = () => new Promise((resolve) => (arrive = resolve));
    const running = await bench.start({ QUEUE_LEASE_SECONDS: '1' });
    const other = await bench.start({ QUEUE_LEASE_SECONDS: '1', QUEUE_POLL_SECONDS: '1' });
    const { id } = await running.queue.publish(aNotification);
    const first = await vi.waitFor(async () => {
      const rows = await bench.rows<{ first: Date }>(
        `select lease_until as first from notifications where state = 'leased'`,
      );
      expect(rows).toHaveLength(1);
      return rows[0]!.first;
    });
    // More than two leases later it still belongs to the first.
    await vi.waitFor(
      async () => {
        const rows = await bench.rows(
          `select lease_until > $1::timestamptz + interval '2 seconds' as later from notifications`,
          [first],
        );
        expect(rows).toEqual([{ later: true }]);
      },
      { timeout: 15_000, interval: 100 },
    );
    expect(bench.sender.sendings).toHaveLength(1);
    arrive({ kind: 'sent', messageId: '1' });
    expect((await untilState(other, id, 'delivered')).attempts).toHaveLength(1);
  });

  it('delivers what a process that died had claimed, with the same nonce', async () => {
    const { id } = await bench.observer.queue.publish(aNotification);
    const [claimed] = await bench.observer.leases.claim(1, 2);
    const running = await bench.start(noPoll);
    expect((await untilState(running, id, 'delivered')).attempts.map(({ outcome }) => outcome)).toEqual([
      'abandoned',
      'sent',
    ]);
    expect(bench.sender.sendings.map(({ nonce }) => nonce)).toEqual([claimed!.nonce]);
  });

  it('delivers what was published before it started', async () => {
    const { id } = await bench.observer.queue.publish(aNotification);
    const running = await bench.start(noPoll);
    await untilState(running, id, 'delivered');
  });

  it('gives up what fell silent with every process that tried', async () => {
    const { id } = await bench.observer.queue.publish(aNotification);
    for (let i = 0; i < 2; i += 1) {
      await bench.observer.leases.claim(1, 60);
      await bench.rows(`update notifications set lease_until = now() - interval '1 second'`);
    }
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1' });
    expect(await untilState(running, id, 'dead')).toMatchObject({ reason: 'every process that tried fell silent' });
    expect(bench.sender.sendings).toEqual([]);
  });

  it('delivers each of 300 notifications once, with two processes at work', async () => {
    const one = await bench.start(noPoll);
    await bench.start(noPoll);
    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher)
       select jsonb_build_object('userId', (10000 + n)::text), 'x', '{}', 'n' || n, 'tester'
       from generate_series(1, 300) n`,
    );
    await one.queue.publish({ ...aNotification, target: { userId: '10000' } });
    await vi.waitFor(
      async () => {
        const rows = await bench.rows(`select 1 from notifications where state = 'delivered'`);
        expect(rows).toHaveLength(301);
      },
      { timeout: 15_000 },
    );
    expect(new Set(bench.sender.sendings.map(({ userId }) => userId)).size).toBe(301);
    expect(bench.sender.sendings).toHaveLength(301);
  });

  it('waits at its end for what is under way, and claims nothing more', async () => {
    let arrive: (outcome: SendOutcome) => void = () => undefined;
    bench.sender.answer = () => new Promise((resolve) => (arrive = resolve));
    const running = await bench.start({ QUEUE_CONCURRENCY: '1' });
    const first = await running.queue.publish(aNotification);
    const second = await running.queue.publish(aNotification);
    await untilState(bench.observer, first.id, 'leased');
    let closed = false;
    const closing = bench.stop(running).then(() => (closed = true));
    // What does not wait for the delivery is over by the time of these answers.
    for (let i = 0; i < 100; i += 1) await bench.rows('select 1');
    expect(closed).toBe(false);
    arrive({ kind: 'sent', messageId: '1' });
    await closing;
    expect((await bench.observer.queue.get(first.id)).state).toBe('delivered');
    expect(await bench.observer.queue.get(second.id)).toMatchObject({ state: 'pending', attempts: [] });
    expect(bench.sender.sendings).toHaveLength(1);
  });

  it('gives back at its end what a claim under way brings', async () => {
    const { id } = await bench.observer.queue.publish(aNotification);
    const locking = bench.observer.database.createQueryRunner();
    await locking.startTransaction();
    await locking.query('lock table notifications in access exclusive mode');
    const running = await bench.start(noPoll);
    await vi.waitFor(async () => {
      const waiting = await bench.rows(
        `select 1 from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like 'WITH free AS%SKIP LOCKED%'`,
      );
      expect(waiting).toHaveLength(1);
    });
    const stopped = bench.stop(running);
    await locking.commitTransaction();
    await locking.release();
    await stopped;
    expect(await bench.observer.queue.get(id)).toMatchObject({ state: 'pending', attempts: [] });
    expect(bench.sender.sendings).toEqual([]);
  });

  it('goes on after the database cut every connection', async () => {
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1' });
    await untilState(running, (await running.queue.publish(aNotification)).id, 'delivered');
    bench.sender.answer = async () => {
      await bench.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      );
      return { kind: 'sent', messageId: '2' };
    };
    const { id } = await running.queue.publish(aNotification);
    const { attempts } = await untilState(bench.observer, id, 'delivered');
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['sent']);
    expect(bench.sender.sendings).toHaveLength(2);
    bench.sender.answer = () => ({ kind: 'sent', messageId: '3' });
    await untilState(bench.observer, (await bench.observer.queue.publish(aNotification)).id, 'delivered');
  });

  it('deletes at its start what was finished long ago', async () => {
    const { id } = await bench.observer.queue.publish(aNotification);
    await bench.rows(
      `update notifications set state = 'delivered', delivered_at = now() - interval '8 days' where id = $1`,
      [id],
    );
    await bench.start({ QUEUE_RETENTION_DAYS: '7' });
    await vi.waitFor(
      () => expect(bench.observer.queue.get(id)).rejects.toMatchObject({ code: 'notification.not_found' }),
      {
        timeout: 10_000,
      },
    );
  });
});

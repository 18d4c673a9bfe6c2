import { describe, expect, it, vi } from 'vitest';
import { RetentionRepository } from '../../../src/queue/operations/retention.repository.js';
import { here, PullBench } from './pull-bench.js';
import { aNotification, guildId } from './queue-fixture.js';

describe('the queue that consumers pull from', { timeout: 60_000 }, () => {
  const bench = new PullBench();

  it('gives each row to one of many consumers, in the order of the ids, and all in the end', async () => {
    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher, delivery)
       select '{"userId":"10000"}', 'x', '{}', 'n' || n, 'tester', 'pull' from generate_series(1, 400) n`,
    );
    const other = await bench.start({ QUEUE_DELIVERY: 'pull' }, false);
    const taken = await Promise.all(
      [bench.process, other, bench.process, other].map(async ({ pull }, index) => {
        const mine: number[] = [];
        for (;;) {
          const { rows } = await pull.claim({ limit: 7, ...(index < 2 && { leaseSeconds: 60 }) }, here);
          if (rows.length === 0) return mine;
          const ids = rows.map(({ id }) => Number(id));
          expect(ids).toEqual([...ids].sort((a, b) => a - b));
          mine.push(...ids);
        }
      }),
    );
    expect(taken.flat()).toHaveLength(400);
    expect(new Set(taken.flat()).size).toBe(400);
  });

  it('orders by id, whatever the clock said when they were published', async () => {
    const ids = await bench.publish(3);
    await bench.rows(
      `update notifications set created_at = now() - make_interval(secs => id), not_before = created_at`,
    );
    expect(await bench.claimedIds()).toEqual(ids);
  });

  it('leaves pulled rows to consumers and pushed rows to the workers', async () => {
    const [pulled] = await bench.publish();
    const [pushed] = await bench.publish(1, { delivery: 'push' });
    expect((await bench.process.leases.claim(10, 60)).map(({ id }) => id)).toEqual([pushed]);
    expect(await bench.process.leases.secondsUntilDue()).toBeGreaterThan(30);
    expect(await bench.claimedIds()).toEqual([pulled]);
    await bench.expireAll();
    expect((await bench.process.leases.claim(10, 60)).map(({ id }) => id)).toEqual([pushed]);
    expect(await bench.claimedIds()).toEqual([pulled]);
  });

  it('pushes what was stored before there was anything to pull, and what says so itself', async () => {
    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher) values ('{"userId":"10000"}', 'x', '{}', 'n', 't')`,
    );
    expect(await bench.rows('select delivery from notifications')).toEqual([{ delivery: 'push' }]);
    const pushing = await bench.start({}, false);
    const { id } = await pushing.queue.publish({ ...aNotification, delivery: 'pull' });
    expect(await bench.row((await pushing.queue.publish(aNotification)).id)).toMatchObject({ delivery: 'push' });
    expect(await bench.row(id)).toMatchObject({ delivery: 'pull' });
  });

  it('is served by no worker of ours, whoever waits', async () => {
    const worker = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_POLL_SECONDS: '1' });
    const [pulled] = await bench.publish();
    const [pushed] = await bench.publish(1, { delivery: 'push' });
    await vi.waitFor(async () => expect((await worker.queue.get(pushed!)).state).toBe('delivered'), 15_000);
    expect((await worker.queue.get(pulled!)).state).toBe('pending');
    expect(bench.sender.sendings).toHaveLength(1);
  });

  it('hands over what a consumer needs, with a token for leases that were named alone', async () => {
    const [id] = await bench.publish(1, { guildId });
    const [first] = await bench.claim({ leaseSeconds: 60 });
    expect(first).toEqual({
      id,
      guildId,
      target: aNotification.target,
      type: 'backup_error',
      payload: { error_message: 'disk full' },
      message: null,
      mentions: null,
      priority: 'normal',
      locale: null,
      attempts: 0,
      createdAt: expect.any(Date) as Date,
      lastAttemptAt: null,
      reason: null,
      leaseToken: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      leaseUntil: expect.any(Date) as Date,
    });
    expect(await bench.leaseSecondsOf(id!)).toBeGreaterThan(50);
    await bench.expireAll();
    const [second] = await bench.claim({ consumer: 'bot-1' });
    expect(second).toMatchObject({ id, leaseToken: null, attempts: 1, lastAttemptAt: expect.any(Date) as Date });
    expect(await bench.row(id!)).toMatchObject({ consumer: 'bot-1', lease_token: null });
    expect(await bench.leaseSecondsOf(id!)).toBeGreaterThan(110);
  });

  it('shows what a claim would take, and takes nothing', async () => {
    const ids = await bench.publish(3);
    const look = async () => (await bench.process.pull.look({ limit: 2 })).rows.map(({ id }) => id);
    expect(await look()).toEqual(ids.slice(0, 2));
    expect(await look()).toEqual(ids.slice(0, 2));
    expect(await bench.claimedIds()).toEqual(ids);
    expect(await look()).toEqual([]);
    await bench.expireAll();
    expect(await look()).toEqual(ids.slice(0, 2));
  });

  it('offers a row again when its lease is over, and counts the delivery that was abandoned', async () => {
    const [id] = await bench.publish();
    await bench.claim();
    expect(await bench.claim()).toEqual([]);
    await bench.expireAll();
    expect(await bench.claim()).toMatchObject([{ id, attempts: 1, reason: 'the consumer that took it fell silent' }]);
    expect(await bench.tries(id!)).toMatchObject([{ attempt: 1, outcome: 'abandoned' }]);
  });

  it('gives up what silences every consumer that takes it', async () => {
    const [id] = await bench.publish();
    for (let i = 0; i < 3; i += 1) {
      expect(await bench.claim()).toHaveLength(1);
      await bench.expireAll();
    }
    expect(await bench.claim()).toEqual([]);
    expect(await bench.process.queue.get(id!)).toMatchObject({
      state: 'dead',
      reason: expect.stringMatching(/silent/) as string,
    });
    expect(await bench.tries(id!)).toHaveLength(3);
  });

  it('notices lost leases where nobody polls', async () => {
    const [id] = await bench.publish(1, { guildId });
    await bench.claim();
    await bench.expireAll();
    const watching = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_POLL_SECONDS: '1' });
    await vi.waitFor(async () => expect((await bench.process.queue.get(id!)).state).toBe('pending'), 15_000);
    await vi.waitFor(() => expect(watching.events.map(({ type }) => type)).toEqual(['notification.retrying']));
  });

  describe('waiting', () => {
    it('answers as soon as something is published, in another process too', async () => {
      const waiting = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_POLL_SECONDS: '3600' });
      const answers = [1, 2, 3].map(() => waiting.pull.claim({ limit: 1, leaseSeconds: 60 }, here, 14));
      const ids = await bench.publish(3);
      const taken = (await Promise.all(answers)).flatMap(({ rows }) => rows.map(({ id }) => id));
      expect(taken.sort()).toEqual(ids);
    });

    it('wakes as many as there is something for, also when it is told once of much', async () => {
      const waiting = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_POLL_SECONDS: '3600' });
      const answers = [1, 2, 3].map(() => waiting.pull.claim({ limit: 1 }, here, 3_000));
      // By the time this one has waited in vain, the others do.
      await waiting.pull.claim({ limit: 1 }, here, 0.5);
      await bench.rows(
        `with added as (
           insert into notifications (target, type, payload, nonce, publisher, delivery)
           select '{"userId":"10000"}', 'x', '{}', 'n' || n, 't', 'pull' from generate_series(1, 3) n returning id
         )
         select pg_notify('guildcast_notifications', '') from added`,
      );
      expect((await Promise.all(answers)).map(({ rows }) => rows.length)).toEqual([1, 1, 1]);
    });

    it('answers with nothing when the time is over, or the process stops', async () => {
      const waiting = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_POLL_SECONDS: '3600' });
      expect((await waiting.pull.claim({ limit: 1 }, here, 0.2)).rows).toEqual([]);
      const answer = waiting.pull.claim({ limit: 1 }, here, 3_000);
      await bench.stop(waiting);
      expect((await answer).rows).toEqual([]);
    });

    it('takes nothing for who has gone, and leaves it to the others', async () => {
      const waiting = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_POLL_SECONDS: '3600' });
      const gone = new AbortController();
      const lost = waiting.pull.claim({ limit: 5 }, gone.signal, 14);
      gone.abort();
      expect((await lost).rows).toEqual([]);
      const [id] = await bench.publish();
      expect((await waiting.pull.claim({ limit: 5 }, gone.signal)).rows).toEqual([]);
      expect((await waiting.pull.claim({ limit: 5, leaseSeconds: 5 }, gone.signal)).rows).toEqual([]);
      expect(await bench.row(id!)).toMatchObject({
        state: 'pending',
        attempts: 0,
        lease_batch: null,
        lease_token: null,
      });
      expect(await bench.claimedIds()).toEqual([id]);
    });
  });

  it('goes by the clock of the database, whatever that of the process says', async () => {
    const [id, other] = await bench.publish(2);
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2001-01-01T00:00:00Z') });
    try {
      expect(await bench.claim({ limit: 1 })).toMatchObject([{ id }]);
      expect(await bench.leaseSecondsOf(id!)).toBeGreaterThan(100);
      vi.setSystemTime(new Date('2101-01-01T00:00:00Z'));
      expect(await bench.claimedIds()).toEqual([other]);
      await bench.process.pull.mark(id!, { sent: false });
      expect(await bench.claim()).toEqual([]);
      const { at } = await bench.process.pull.look({ limit: 1 });
      const [now] = await bench.rows<{ year: number }>('select extract(year from now())::int as year');
      expect(at.getUTCFullYear()).toBe(now!.year);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is emptied by the retention of the queue', async () => {
    const [old, young, waits] = await bench.publish(3);
    await bench.claim({ limit: 2 });
    await bench.process.pull.mark(old!, { sent: true });
    await bench.process.pull.mark(young!, { sent: true });
    await bench.rows(`update notifications set created_at = now() - interval '90 days'`);
    await bench.rows(`update notifications set delivered_at = now() - interval '31 days' where id = $1`, [old]);
    expect(await new RetentionRepository(bench.process.database).deleteEnded('delivered', 30)).toBe(1);
    const left = await bench.rows<{ id: string }>('select id from notifications order by id');
    expect(left.map(({ id }) => id)).toEqual([young, waits]);
  });
});

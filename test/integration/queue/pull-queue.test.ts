import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type PullRequest } from '../../../src/queue/pull-queue.js';
import { type PulledNotification } from '../../../src/queue/pull.repository.js';
import { aNotification, guildId, QueueBench, type RunningQueue } from './queue-fixture.js';

const here = new AbortController().signal;
const schedule = '5,30';

describe('the queue that consumers pull from', () => {
  const bench = new QueueBench();
  let running: RunningQueue;
  beforeEach(async () => {
    running = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_RETRY_SCHEDULE: schedule }, false);
  });

  async function publish(count = 1, more: object = {}): Promise<string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) ids.push((await running.queue.publish({ ...aNotification, ...more })).id);
    return ids;
  }
  const claim = async (request: Partial<PullRequest> = {}): Promise<PulledNotification[]> =>
    (await running.pull.claim({ limit: 50, ...request }, here)).rows;
  const named = (leaseSeconds = 60, limit = 50) => claim({ leaseSeconds, limit });
  const claimedIds = async (request?: Partial<PullRequest>) => (await claim(request)).map(({ id }) => id);
  const expireAll = () => bench.rows(`update notifications set lease_until = now() - interval '1 second'`);
  const makeDue = () => bench.rows(`update notifications set not_before = now()`);
  const row = async (id: string) =>
    (await bench.rows<Record<string, unknown>>('select * from notifications where id = $1', [id]))[0]!;
  const leaseSecondsOf = async (id: string) =>
    (
      await bench.rows<{ left: number }>(
        'select extract(epoch from lease_until - now())::float8 as left from notifications where id = $1',
        [id],
      )
    )[0]!.left;
  const tries = async (id: string) => (await running.queue.get(id)).attempts;

  it('gives each row to one of many consumers, in the order of the ids, and all in the end', async () => {
    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher, delivery)
       select '{"userId":"10000"}', 'x', '{}', 'n' || n, 'tester', 'pull' from generate_series(1, 400) n`,
    );
    const other = await bench.start({ QUEUE_DELIVERY: 'pull' }, false);
    const taken = await Promise.all(
      [running, other, running, other].map(async ({ pull }, index) => {
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
    const ids = await publish(3);
    await bench.rows(
      `update notifications set created_at = now() - make_interval(secs => id), not_before = created_at`,
    );
    expect(await claimedIds()).toEqual(ids);
  });

  it('leaves pulled rows to consumers and pushed rows to the workers', async () => {
    const [pulled] = await publish();
    const [pushed] = await publish(1, { delivery: 'push' });
    expect((await running.repository.claim(10, 60)).map(({ id }) => id)).toEqual([pushed]);
    expect(await running.repository.secondsUntilDue()).toBeGreaterThan(30);
    expect(await claimedIds()).toEqual([pulled]);
    await expireAll();
    expect((await running.repository.claim(10, 60)).map(({ id }) => id)).toEqual([pushed]);
    expect(await claimedIds()).toEqual([pulled]);
  });

  it('pushes what was stored before there was anything to pull, and what says so itself', async () => {
    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher) values ('{"userId":"10000"}', 'x', '{}', 'n', 't')`,
    );
    expect(await bench.rows('select delivery from notifications')).toEqual([{ delivery: 'push' }]);
    const pushing = await bench.start({}, false);
    const { id } = await pushing.queue.publish({ ...aNotification, delivery: 'pull' });
    expect(await row((await pushing.queue.publish(aNotification)).id)).toMatchObject({ delivery: 'push' });
    expect(await row(id)).toMatchObject({ delivery: 'pull' });
  });

  it('is served by no worker of ours, whoever waits', async () => {
    const worker = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_POLL_SECONDS: '1' });
    const [pulled] = await publish();
    const [pushed] = await publish(1, { delivery: 'push' });
    await vi.waitFor(async () => expect((await worker.queue.get(pushed!)).state).toBe('delivered'), 15_000);
    expect((await worker.queue.get(pulled!)).state).toBe('pending');
    expect(bench.sender.sendings).toHaveLength(1);
  });

  it('hands over what a consumer needs, with a token for leases that were named alone', async () => {
    const [id] = await publish(1, { guildId });
    const [first] = await named();
    expect(first).toEqual({
      id,
      guildId,
      target: aNotification.target,
      type: 'backup_error',
      payload: { error_message: 'disk full' },
      attempts: 0,
      createdAt: expect.any(Date) as Date,
      lastAttemptAt: null,
      reason: null,
      leaseToken: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      leaseUntil: expect.any(Date) as Date,
    });
    expect(await leaseSecondsOf(id!)).toBeGreaterThan(50);
    await expireAll();
    const [second] = await claim({ consumer: 'bot-1' });
    expect(second).toMatchObject({ id, leaseToken: null, attempts: 1, lastAttemptAt: expect.any(Date) as Date });
    expect(await row(id!)).toMatchObject({ consumer: 'bot-1', lease_token: null });
    expect(await leaseSecondsOf(id!)).toBeGreaterThan(110);
  });

  it('shows what a claim would take, and takes nothing', async () => {
    const ids = await publish(3);
    const look = async () => (await running.pull.look({ limit: 2 })).rows.map(({ id }) => id);
    expect(await look()).toEqual(ids.slice(0, 2));
    expect(await look()).toEqual(ids.slice(0, 2));
    expect(await claimedIds()).toEqual(ids);
    expect(await look()).toEqual([]);
    await expireAll();
    expect(await look()).toEqual(ids.slice(0, 2));
  });

  it('prolongs the whole batch of an implicit lease at each mark, and no other', async () => {
    const ids = await publish(4);
    const [a, b, c, d] = ids as [string, string, string, string];
    expect(await claimedIds({ limit: 3 })).toEqual([a, b, c]);
    expect(await claimedIds()).toEqual([d]);
    await bench.rows(`update notifications set lease_until = now() + interval '3 seconds'`);
    await running.pull.mark(a, { sent: true });
    expect(await leaseSecondsOf(b)).toBeGreaterThan(100);
    expect(await leaseSecondsOf(c)).toBeGreaterThan(100);
    expect(await leaseSecondsOf(d)).toBeLessThan(4);
    await bench.rows(`update notifications set lease_until = now() + interval '3 seconds' where id = $1`, [c]);
    await running.pull.mark(b, { sent: false, reason: 'x' });
    expect(await leaseSecondsOf(c)).toBeGreaterThan(100);
  });

  it('takes marks of one batch that come at once, without one waiting for ever', async () => {
    const ids = await publish(30);
    expect(await claimedIds()).toEqual(ids);
    await Promise.all(ids.map((id) => running.pull.mark(id, { sent: true })));
    expect(await bench.rows(`select 1 from notifications where state <> 'delivered'`)).toEqual([]);
  });

  it('offers a row again when its lease is over, and counts the delivery that was abandoned', async () => {
    const [id] = await publish();
    await claim();
    expect(await claim()).toEqual([]);
    await expireAll();
    expect(await claim()).toMatchObject([{ id, attempts: 1, reason: 'the consumer that took it fell silent' }]);
    expect(await tries(id!)).toMatchObject([{ attempt: 1, outcome: 'abandoned' }]);
  });

  it('gives up what silences every consumer that takes it', async () => {
    const [id] = await publish();
    for (let i = 0; i < 3; i += 1) {
      expect(await claim()).toHaveLength(1);
      await expireAll();
    }
    expect(await claim()).toEqual([]);
    expect(await running.queue.get(id!)).toMatchObject({
      state: 'dead',
      reason: expect.stringMatching(/silent/) as string,
    });
    expect(await tries(id!)).toHaveLength(3);
  });

  it('notices lost leases where nobody polls', async () => {
    const [id] = await publish(1, { guildId });
    await claim();
    await expireAll();
    const watching = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_POLL_SECONDS: '1' });
    await vi.waitFor(async () => expect((await running.queue.get(id!)).state).toBe('pending'), 15_000);
    await vi.waitFor(() => expect(watching.events.map(({ type }) => type)).toEqual(['notification.retrying']));
  });

  it('tries again on the schedule what a consumer could not deliver, and gives it up after that', async () => {
    const [id] = await publish();
    for (const [attempts, least, most] of [
      [1, 5, 5.6],
      [2, 30, 33.1],
    ] as const) {
      expect(await claim()).toHaveLength(1);
      expect(await running.pull.mark(id!, { sent: false, reason: 'Discord is down' })).toBe('pending');
      expect(await row(id!)).toMatchObject({
        state: 'pending',
        attempts,
        reason: 'Discord is down',
        lease_until: null,
      });
      const [wait] = await bench.rows<{ seconds: number }>(
        'select extract(epoch from not_before - now())::float8 as seconds from notifications',
      );
      expect(wait!.seconds).toBeGreaterThan(least - 4);
      expect(wait!.seconds).toBeLessThan(most);
      expect(await claim()).toEqual([]);
      await makeDue();
    }
    expect(await claim()).toHaveLength(1);
    expect(await running.pull.mark(id!, { sent: false, reason: 'still down' })).toBe('dead');
    expect(await claim()).toEqual([]);
    expect(await tries(id!)).toMatchObject([
      { attempt: 1, outcome: 'failed' },
      { attempt: 2, outcome: 'failed' },
      { attempt: 3, outcome: 'failed', reason: 'still down' },
    ]);
  });

  it.each([
    ['Usuario no encontrado', undefined, 'dead'],
    ['Discord stumbled', undefined, 'pending'],
    ['Discord stumbled', true, 'dead'],
    ['Usuario no encontrado', false, 'pending'],
  ])('ends with %j, permanent: %j, as %s', async (reason, permanent, state) => {
    const [id] = await publish();
    await claim();
    expect(await running.pull.mark(id!, { sent: false, reason, permanent })).toBe(state);
    expect((await tries(id!))[0]).toMatchObject({ outcome: state === 'dead' ? 'refused' : 'failed', reason });
  });

  it('offers by `maxAttempts` what is dead for us, and hides what failed as often, and it stays dead', async () => {
    const [dead, failed, fresh] = await publish(3);
    await claim();
    await running.pull.mark(dead!, { sent: false, permanent: true });
    await running.pull.mark(failed!, { sent: false });
    await expireAll();
    await bench.rows(
      `update notifications set attempts = 0, state = 'pending', reason = null, lease_until = null where id = $1`,
      [fresh],
    );
    await makeDue();
    expect(await claimedIds({ maxAttempts: 0 })).toEqual([]);
    expect((await running.pull.look({ limit: 9, maxAttempts: 1 })).rows.map(({ id }) => id)).toEqual([fresh]);
    expect((await running.pull.look({ limit: 9 })).rows.map(({ id }) => id)).toEqual([failed, fresh]);
    expect(await claimedIds({ maxAttempts: 10, limit: 2 })).toEqual([dead, failed]);
    expect(await running.pull.mark(dead!, { sent: false })).toBe('dead');
    expect(await claimedIds({ maxAttempts: 10 })).toEqual([dead, fresh]);
    await expireAll();
    await running.pull.look({ limit: 1 });
    expect((await running.queue.get(dead!)).state).toBe('dead');
    expect(await claimedIds({ maxAttempts: 10, limit: 1 })).toEqual([dead]);
    expect(await running.pull.mark(dead!, { sent: true })).toBe('delivered');
    expect(await row(dead!)).toMatchObject({ dead_at: null });
  });

  it('takes a late word without a token while the row is not delivered, and no second one', async () => {
    const [id] = await publish();
    await claim();
    await expireAll();
    await claim({ consumer: 'the next' });
    expect(await running.pull.mark(id!, { sent: true })).toBe('delivered');
    await expect(running.pull.mark(id!, { sent: true })).rejects.toMatchObject({ code: 'request.conflict' });
    await expect(running.pull.mark(id!, { sent: false })).rejects.toMatchObject({ code: 'request.conflict' });
    expect((await tries(id!)).map(({ outcome }) => outcome)).toEqual(['abandoned', 'sent']);
  });

  it('fences a named lease against words without its token, and against those of another', async () => {
    const [id] = await publish();
    const [first] = await named();
    for (const token of [undefined, '00000000-0000-4000-8000-000000000000']) {
      await expect(running.pull.mark(id!, { sent: true, token })).rejects.toMatchObject({ code: 'request.conflict' });
      await expect(running.pull.mark(id!, { sent: false, token })).rejects.toMatchObject({ code: 'request.conflict' });
    }
    await expireAll();
    const [second] = await named();
    expect(second!.leaseToken).not.toBe(first!.leaseToken);
    await expect(running.pull.mark(id!, { sent: true, token: first!.leaseToken! })).rejects.toMatchObject({
      code: 'request.conflict',
    });
    expect(await running.pull.mark(id!, { sent: true, token: second!.leaseToken! })).toBe('delivered');
    // The answer may have been lost.
    expect(await running.pull.mark(id!, { sent: true, token: second!.leaseToken! })).toBe('delivered');
    await expect(running.pull.mark(id!, { sent: true, token: first!.leaseToken! })).rejects.toMatchObject({
      code: 'request.conflict',
    });
    expect(await tries(id!)).toHaveLength(2);
  });

  it('believes the holder of a token after the lease, as long as nobody else took the row', async () => {
    const [id] = await publish();
    const [held] = await named();
    await expireAll();
    await running.pull.look({ limit: 1 });
    const token = held!.leaseToken!;
    expect((await running.queue.get(id!)).state).toBe('pending');
    await expect(running.pull.mark(id!, { sent: false, token })).rejects.toMatchObject({ code: 'request.conflict' });
    await expect(running.pull.extend(id!, token, 60)).rejects.toMatchObject({ code: 'request.conflict' });
    expect(await running.pull.mark(id!, { sent: true, token })).toBe('delivered');
  });

  it('prolongs a named lease', async () => {
    const [id] = await publish();
    const [held] = await named(5);
    const until = await running.pull.extend(id!, held!.leaseToken!, 500);
    expect(await leaseSecondsOf(id!)).toBeGreaterThan(400);
    expect((await row(id!)).lease_until).toEqual(until);
    await expect(running.pull.extend('999999', held!.leaseToken!, 5)).rejects.toMatchObject({
      code: 'notification.not_found',
    });
  });

  it('refuses words about what is pushed, and about what there is not', async () => {
    const [id] = await publish(1, { delivery: 'push' });
    await expect(running.pull.mark(id!, { sent: true })).rejects.toMatchObject({ code: 'request.conflict' });
    for (const unknown of ['999999', '0', 'x', '9'.repeat(30)]) {
      await expect(running.pull.mark(unknown, { sent: true })).rejects.toMatchObject({
        code: 'notification.not_found',
      });
    }
    expect(await row(id!)).toMatchObject({ state: 'pending', attempts: 0 });
  });

  it('keeps reasons short and storable', async () => {
    const [id] = await publish();
    await running.pull.mark(id!, { sent: false, reason: `a\0b${'x'.repeat(5_000)}` });
    const { reason } = await running.queue.get(id!);
    expect(reason).toHaveLength(1_000);
    expect(reason).toMatch(/^a\ufffdbx+…$/);
    await running.pull.mark(id!, { sent: false, reason: '  ' });
    expect((await running.queue.get(id!)).reason).toBeNull();
  });

  it('tells the room what consumers say, when they say it', async () => {
    const [good, bad] = await publish(2, { guildId });
    await claim();
    const told = () => running.events.map(({ type, data }) => [type, (data as { id: string }).id]);
    await vi.waitFor(() => expect(told()).toHaveLength(2));
    await running.pull.mark(bad!, { sent: false, reason: 'x' });
    await running.pull.mark(good!, { sent: true });
    await running.pull.mark(bad!, { sent: false, permanent: true, reason: 'y' });
    await vi.waitFor(() =>
      expect(told()).toEqual([
        ['notification.accepted', good],
        ['notification.accepted', bad],
        ['notification.retrying', bad],
        ['notification.delivered', good],
        ['notification.dead', bad],
      ]),
    );
    expect(running.events[2]!.data).toEqual({
      id: bad,
      type: 'backup_error',
      target: 'user',
      attempts: 1,
      nextAttemptAt: expect.stringMatching(/Z$/) as string,
      reason: 'x',
    });
    expect(JSON.stringify(running.events)).not.toContain(aNotification.target.userId);
  });

  describe('waiting', () => {
    it('answers as soon as something is published, in another process too', async () => {
      const waiting = await bench.start({ QUEUE_DELIVERY: 'pull', QUEUE_POLL_SECONDS: '3600' });
      const answers = [1, 2, 3].map(() => waiting.pull.claim({ limit: 1, leaseSeconds: 60 }, here, 14));
      const ids = await publish(3);
      const taken = (await Promise.all(answers)).flatMap(({ rows }) => rows.map(({ id }) => id));
      expect(taken.sort()).toEqual(ids);
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
      const [id] = await publish();
      expect((await waiting.pull.claim({ limit: 5 }, gone.signal)).rows).toEqual([]);
      expect((await waiting.pull.claim({ limit: 5, leaseSeconds: 5 }, gone.signal)).rows).toEqual([]);
      expect(await row(id!)).toMatchObject({ state: 'pending', attempts: 0, lease_batch: null, lease_token: null });
      expect(await claimedIds()).toEqual([id]);
    });
  });

  it('goes by the clock of the database, whatever that of the process says', async () => {
    const [id, other] = await publish(2);
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2001-01-01T00:00:00Z') });
    try {
      expect(await claim({ limit: 1 })).toMatchObject([{ id }]);
      expect(await leaseSecondsOf(id!)).toBeGreaterThan(100);
      vi.setSystemTime(new Date('2101-01-01T00:00:00Z'));
      expect(await claimedIds()).toEqual([other]);
      await running.pull.mark(id!, { sent: false });
      expect(await claim()).toEqual([]);
      const { at } = await running.pull.look({ limit: 1 });
      const [now] = await bench.rows<{ year: number }>('select extract(year from now())::int as year');
      expect(at.getUTCFullYear()).toBe(now!.year);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is emptied by the retention of the queue', async () => {
    const [old, young, waits] = await publish(3);
    await claim({ limit: 2 });
    await running.pull.mark(old!, { sent: true });
    await running.pull.mark(young!, { sent: true });
    await bench.rows(`update notifications set created_at = now() - interval '90 days'`);
    await bench.rows(`update notifications set delivered_at = now() - interval '31 days' where id = $1`, [old]);
    expect(await running.repository.deleteFinished(30, 10)).toBe(1);
    const left = await bench.rows<{ id: string }>('select id from notifications order by id');
    expect(left.map(({ id }) => id)).toEqual([young, waits]);
  });
});

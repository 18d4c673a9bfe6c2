import { describe, expect, it, vi } from 'vitest';
import { PullBench } from './pull-bench.js';
import { aNotification, guildId } from './queue-fixture.js';

describe('what consumers say of notifications they pulled', { timeout: 60_000 }, () => {
  const bench = new PullBench();

  it('prolongs the whole batch of an implicit lease at each mark, and no other', async () => {
    const ids = await bench.publish(4);
    const [a, b, c, d] = ids as [string, string, string, string];
    expect(await bench.claimedIds({ limit: 3 })).toEqual([a, b, c]);
    expect(await bench.claimedIds()).toEqual([d]);
    await bench.rows(`update notifications set lease_until = now() + interval '3 seconds'`);
    await bench.process.pull.mark(a, { sent: true });
    expect(await bench.leaseSecondsOf(b)).toBeGreaterThan(100);
    expect(await bench.leaseSecondsOf(c)).toBeGreaterThan(100);
    expect(await bench.leaseSecondsOf(d)).toBeLessThan(4);
    await bench.rows(`update notifications set lease_until = now() + interval '3 seconds' where id = $1`, [c]);
    await bench.process.pull.mark(b, { sent: false, reason: 'x' });
    expect(await bench.leaseSecondsOf(c)).toBeGreaterThan(100);
  });

  it('takes marks of one batch that come at once, without one waiting for ever', async () => {
    const ids = await bench.publish(30);
    expect(await bench.claimedIds()).toEqual(ids);
    await Promise.all(ids.map((id) => bench.process.pull.mark(id, { sent: true })));
    expect(await bench.rows(`select 1 from notifications where state <> 'delivered'`)).toEqual([]);
  });

  it('tries again on the schedule what a consumer could not deliver, and gives it up after that', async () => {
    const [id] = await bench.publish();
    for (const [attempts, least, most] of [
      [1, 5, 5.6],
      [2, 30, 33.1],
    ] as const) {
      expect(await bench.claim()).toHaveLength(1);
      expect(await bench.process.pull.mark(id!, { sent: false, reason: 'Discord is down' })).toBe('pending');
      expect(await bench.row(id!)).toMatchObject({
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
      expect(await bench.claim()).toEqual([]);
      await bench.rows(`update notifications set not_before = now()`);
    }
    expect(await bench.claim()).toHaveLength(1);
    expect(await bench.process.pull.mark(id!, { sent: false, reason: 'still down' })).toBe('dead');
    expect(await bench.claim()).toEqual([]);
    expect(await bench.tries(id!)).toMatchObject([
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
    const [id] = await bench.publish();
    await bench.claim();
    expect(await bench.process.pull.mark(id!, { sent: false, reason, permanent })).toBe(state);
    expect((await bench.tries(id!))[0]).toMatchObject({ outcome: state === 'dead' ? 'refused' : 'failed', reason });
  });

  it('offers by `maxAttempts` what is dead for us, and hides what failed as often, and it stays dead', async () => {
    const [dead, failed, fresh] = await bench.publish(3);
    await bench.claim();
    await bench.process.pull.mark(dead!, { sent: false, permanent: true });
    await bench.process.pull.mark(failed!, { sent: false });
    await bench.expireAll();
    await bench.rows(
      `update notifications set attempts = 0, state = 'pending', reason = null, lease_until = null where id = $1`,
      [fresh],
    );
    await bench.rows(`update notifications set not_before = now()`);
    expect(await bench.claimedIds({ maxAttempts: 0 })).toEqual([]);
    expect((await bench.process.pull.look({ limit: 9, maxAttempts: 1 })).rows.map(({ id }) => id)).toEqual([fresh]);
    expect((await bench.process.pull.look({ limit: 9 })).rows.map(({ id }) => id)).toEqual([failed, fresh]);
    expect(await bench.claimedIds({ maxAttempts: 10, limit: 2 })).toEqual([dead, failed]);
    expect(await bench.process.pull.mark(dead!, { sent: false })).toBe('dead');
    expect(await bench.claimedIds({ maxAttempts: 10 })).toEqual([dead, fresh]);
    await bench.expireAll();
    await bench.process.pull.look({ limit: 1 });
    expect((await bench.process.queue.get(dead!)).state).toBe('dead');
    expect(await bench.claimedIds({ maxAttempts: 10, limit: 1 })).toEqual([dead]);
    expect(await bench.process.pull.mark(dead!, { sent: true })).toBe('delivered');
    expect(await bench.row(dead!)).toMatchObject({ dead_at: null });
  });

  it('takes a late word without a token while the row is not delivered, and no second one', async () => {
    const [id] = await bench.publish();
    await bench.claim();
    await bench.expireAll();
    await bench.claim({ consumer: 'the next' });
    expect(await bench.process.pull.mark(id!, { sent: true })).toBe('delivered');
    await expect(bench.process.pull.mark(id!, { sent: true })).rejects.toMatchObject({ code: 'request.conflict' });
    await expect(bench.process.pull.mark(id!, { sent: false })).rejects.toMatchObject({ code: 'request.conflict' });
    expect((await bench.tries(id!)).map(({ outcome }) => outcome)).toEqual(['abandoned', 'sent']);
  });

  it('fences a named lease against words without its token, and against those of another', async () => {
    const [id] = await bench.publish();
    const [first] = await bench.claim({ leaseSeconds: 60 });
    for (const token of [undefined, '00000000-0000-4000-8000-000000000000']) {
      await expect(bench.process.pull.mark(id!, { sent: true, token })).rejects.toMatchObject({
        code: 'request.conflict',
      });
      await expect(bench.process.pull.mark(id!, { sent: false, token })).rejects.toMatchObject({
        code: 'request.conflict',
      });
    }
    await bench.expireAll();
    const [second] = await bench.claim({ leaseSeconds: 60 });
    expect(second!.leaseToken).not.toBe(first!.leaseToken);
    await expect(bench.process.pull.mark(id!, { sent: true, token: first!.leaseToken! })).rejects.toMatchObject({
      code: 'request.conflict',
    });
    expect(await bench.process.pull.mark(id!, { sent: true, token: second!.leaseToken! })).toBe('delivered');
    // The answer may have been lost.
    expect(await bench.process.pull.mark(id!, { sent: true, token: second!.leaseToken! })).toBe('delivered');
    await expect(bench.process.pull.mark(id!, { sent: true, token: first!.leaseToken! })).rejects.toMatchObject({
      code: 'request.conflict',
    });
    expect(await bench.tries(id!)).toHaveLength(2);
  });

  it('believes the holder of a token after the lease, as long as nobody else took the row', async () => {
    const [id] = await bench.publish();
    const [held] = await bench.claim({ leaseSeconds: 60 });
    await bench.expireAll();
    await bench.process.pull.look({ limit: 1 });
    const token = held!.leaseToken!;
    expect((await bench.process.queue.get(id!)).state).toBe('pending');
    await expect(bench.process.pull.mark(id!, { sent: false, token })).rejects.toMatchObject({
      code: 'request.conflict',
    });
    await expect(bench.process.pull.extend(id!, token, 60)).rejects.toMatchObject({ code: 'request.conflict' });
    expect(await bench.process.pull.mark(id!, { sent: true, token })).toBe('delivered');
  });

  it('prolongs a named lease', async () => {
    const [id] = await bench.publish();
    const [held] = await bench.claim({ leaseSeconds: 5 });
    const until = await bench.process.pull.extend(id!, held!.leaseToken!, 500);
    expect(await bench.leaseSecondsOf(id!)).toBeGreaterThan(400);
    expect((await bench.row(id!)).lease_until).toEqual(until);
    await expect(bench.process.pull.extend('999999', held!.leaseToken!, 5)).rejects.toMatchObject({
      code: 'notification.not_found',
    });
  });

  it('refuses words about what is pushed, and about what there is not', async () => {
    const [id] = await bench.publish(1, { delivery: 'push' });
    await expect(bench.process.pull.mark(id!, { sent: true })).rejects.toMatchObject({ code: 'request.conflict' });
    for (const unknown of ['999999', '0', 'x', '9'.repeat(30)]) {
      await expect(bench.process.pull.mark(unknown, { sent: true })).rejects.toMatchObject({
        code: 'notification.not_found',
      });
    }
    expect(await bench.row(id!)).toMatchObject({ state: 'pending', attempts: 0 });
  });

  it('keeps reasons short and storable', async () => {
    const [id] = await bench.publish();
    await bench.process.pull.mark(id!, { sent: false, reason: `a\0b${'x'.repeat(5_000)}` });
    const { reason } = await bench.process.queue.get(id!);
    expect(reason).toHaveLength(1_000);
    expect(reason).toMatch(/^a\ufffdbx+…$/);
    await bench.process.pull.mark(id!, { sent: false, reason: '  ' });
    expect((await bench.process.queue.get(id!)).reason).toBeNull();
  });

  it('tells the room what consumers say, when they say it', async () => {
    const [good, bad] = await bench.publish(2, { guildId });
    await bench.claim();
    const told = () => bench.process.events.map(({ type, data }) => [type, (data as { id: string }).id]);
    await vi.waitFor(() => expect(told()).toHaveLength(2));
    await bench.process.pull.mark(bad!, { sent: false, reason: 'x' });
    await bench.process.pull.mark(good!, { sent: true });
    await bench.process.pull.mark(bad!, { sent: false, permanent: true, reason: 'y' });
    await vi.waitFor(() =>
      expect(told()).toEqual([
        ['notification.accepted', good],
        ['notification.accepted', bad],
        ['notification.retrying', bad],
        ['notification.delivered', good],
        ['notification.dead', bad],
      ]),
    );
    expect(bench.process.events[2]!.data).toEqual({
      id: bad,
      type: 'backup_error',
      target: 'user',
      attempts: 1,
      nextAttemptAt: expect.stringMatching(/Z$/) as string,
      reason: 'x',
    });
    expect(JSON.stringify(bench.process.events)).not.toContain(aNotification.target.userId);
  });
});

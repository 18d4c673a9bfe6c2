import { beforeEach, describe, expect, it } from 'vitest';
import { type ClaimedNotification } from '../../../src/queue/lease.repository.js';
import { aNotification, QueueBench, type RunningQueue } from './queue-fixture.js';

describe('the table of notifications', () => {
  const bench = new QueueBench();
  let running: RunningQueue;
  beforeEach(() => {
    running = bench.observer;
  });

  async function publish(count = 1): Promise<string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) ids.push((await running.queue.publish(aNotification)).id);
    return ids;
  }

  const expire = (id: string) =>
    running.database.query(`update notifications set lease_until = now() - interval '1 second' where id = $1`, [id]);

  async function claimOne(): Promise<ClaimedNotification> {
    const claimed = await running.leases.claim(1, 60);
    expect(claimed).toHaveLength(1);
    return claimed[0]!;
  }

  it('gives no row to two claimers, and all rows in the end', async () => {
    await running.database.query(
      `insert into notifications (target, type, payload, nonce, publisher)
       select '{"userId":"10000"}', 'x', '{}', 'n' || n, 'tester' from generate_series(1, 500) n`,
    );
    const other = await bench.start({}, false);
    const claimers = [running, other, running, other].map(async ({ leases }) => {
      const mine: string[] = [];
      for (;;) {
        const claimed = await leases.claim(7, 60);
        if (claimed.length === 0) return mine;
        const ids = claimed.map(({ id }) => Number(id));
        expect(ids).toEqual([...ids].sort((a, b) => a - b));
        mine.push(...claimed.map(({ id }) => id));
      }
    });
    const claimed = await Promise.all(claimers);
    expect(claimed.filter((mine) => mine.length > 0).length).toBeGreaterThan(1);
    expect(claimed.flat()).toHaveLength(500);
    expect(new Set(claimed.flat()).size).toBe(500);
  });

  it('offers what is due in the order of publishing, and nothing before its time', async () => {
    const ids = await publish(3);
    await running.database.query(`update notifications set not_before = now() + interval '1 hour' where id = $1`, [
      ids[0],
    ]);
    expect((await running.leases.claim(10, 60)).map(({ id }) => id)).toEqual(ids.slice(1));
    expect(await running.leases.claim(10, 60)).toEqual([]);
  });

  it('hands over what a delivery needs', async () => {
    const [id] = await publish();
    const claimed = await claimOne();
    expect(claimed).toEqual({
      id,
      guildId: null,
      secret: null,
      begun: false,
      abandoned: false,
      target: aNotification.target,
      type: 'backup_error',
      payload: { error_message: 'disk full' },
      attempts: 0,
      message: null,
      mentions: null,
      locale: null,
      priority: 'normal',
      publisher: 'tester',
      collapseKey: null,
      destination: `user:${aNotification.target.userId}`,
      createdAt: expect.any(Date) as Date,
      expired: false,
      doubt: null,
      confirmed: null,
      circuit: null,
      toDiscord: true,
      nonce: expect.stringMatching(/^[\w-]{1,25}$/) as string,
      leaseToken: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  it('offers a row again when its lease ran out, counts that as a try, and keeps the nonce', async () => {
    const [id] = await publish();
    const first = await claimOne();
    expect(await running.leases.claim(1, 60)).toEqual([]);
    await expire(id!);
    const second = await claimOne();
    expect(second).toMatchObject({ id, nonce: first.nonce, attempts: 1 });
    expect(second.leaseToken).not.toBe(first.leaseToken);
    expect((await running.queue.get(id!)).attempts).toMatchObject([{ attempt: 1, outcome: 'abandoned' }]);
  });

  it('ignores whoever settles, extends or gives back under a lease that another took over', async () => {
    const [id] = await publish();
    const late = await claimOne();
    await expire(id!);
    const holder = await claimOne();
    const { leases } = running;
    expect(await leases.settle(late, { state: 'dead', outcome: 'refused', reason: 'late' })).toBeUndefined();
    expect(await leases.extend([late], 60)).toEqual(new Set());
    await leases.giveBack([late]);
    expect(await running.queue.get(id!)).toMatchObject({ state: 'leased', reason: null, attempts: [{}] });
    expect(await leases.settle(holder, { state: 'delivered', outcome: 'sent', messageId: '1' })).toEqual({
      state: 'delivered',
      attempts: 2,
      latency: expect.any(Number) as number,
    });
    expect(await leases.settle(holder, { state: 'pending', outcome: 'failed', delay: 1 })).toBeUndefined();
    expect(await running.queue.get(id!)).toMatchObject({ state: 'delivered', attempts: [{}, { outcome: 'sent' }] });
  });

  it('accepts a settlement after the lease ran out, as long as nobody took the row', async () => {
    const [id] = await publish();
    const holder = await claimOne();
    await expire(id!);
    expect(await running.leases.settle(holder, { state: 'delivered', outcome: 'sent' })).toBeDefined();
    expect((await running.queue.get(id!)).state).toBe('delivered');
  });

  it('extends leases that are held', async () => {
    const [id] = await publish();
    const holder = await claimOne();
    await expire(id!);
    expect(await running.leases.extend([holder], 60)).toEqual(new Set([id]));
    expect(await running.leases.claim(1, 60)).toEqual([]);
  });

  it('takes back a claim as if it had not been', async () => {
    const [id] = await publish();
    await running.leases.giveBack([await claimOne()]);
    expect(await running.queue.get(id!)).toMatchObject({ state: 'pending', attempts: [] });
    expect(await claimOne()).toMatchObject({ id, attempts: 0 });
  });

  it('notes postponed tries in a row once, however many there are', async () => {
    const [id] = await publish();
    const { leases } = running;
    const settle = async (outcome: 'postponed' | 'failed', reason: string) => {
      await running.database.query(`update notifications set not_before = now()`);
      return leases.settle(await claimOne(), { state: 'pending', outcome, delay: 60, reason });
    };
    for (let i = 0; i < 5; i += 1) expect(await settle('postponed', `outage ${i}`)).toMatchObject({ attempts: 0 });
    expect(await settle('failed', 'no')).toMatchObject({ attempts: 1 });
    for (let i = 0; i < 3; i += 1) expect(await settle('postponed', `again ${i}`)).toMatchObject({ attempts: 1 });
    expect((await running.queue.get(id!)).attempts).toMatchObject([
      { attempt: 1, outcome: 'postponed', reason: 'outage 4' },
      { attempt: 1, outcome: 'failed', reason: 'no' },
      { attempt: 2, outcome: 'postponed', reason: 'again 2' },
    ]);
  });

  it('tells when something falls due, on the clock of the database', async () => {
    expect(await running.leases.secondsUntilDue()).toBeUndefined();
    const [id] = await publish();
    expect(await running.leases.secondsUntilDue()).toBeLessThanOrEqual(0);
    await running.leases.claim(1, 100);
    const seconds = (await running.leases.secondsUntilDue())!;
    expect(seconds).toBeGreaterThan(60);
    expect(seconds).toBeLessThanOrEqual(100);
    await expire(id!);
    expect(await running.leases.secondsUntilDue()).toBeLessThan(0);
  });

  describe('of two ways, to Discord and elsewhere', () => {
    const targets = [{ userId: '10000' }, { channelId: '10001' }, { webhookId: '10002' }, { endpoint: 'we_x' }];
    beforeEach(() =>
      running.database.query(
        `insert into notifications (target, type, payload, nonce, publisher)
         select target, 'x', '{}', 'n' || n || target, 'tester'
         from jsonb_array_elements($1) with ordinality as given (target, place), generate_series(1, 3) n
         order by place, n`,
        [JSON.stringify(targets)],
      ),
    );
    const claimed = async (places: { discord: number; elsewhere: number }) =>
      (await running.leases.claim(places, 60)).map(({ destination, toDiscord, abandoned }) => {
        expect(toDiscord).toBe(!destination.startsWith('endpoint:'));
        return `${destination.split(':')[0]}${abandoned ? ' again' : ''}`;
      });
    const counts = (names: string[]) =>
      Object.fromEntries(names.map((name) => [name, names.filter((n) => n === name).length]));

    it('gives so many of each', async () => {
      expect(await claimed({ discord: 0, elsewhere: 2 })).toEqual(['endpoint', 'endpoint']);
      expect(await claimed({ discord: 2, elsewhere: 0 })).toEqual(['user', 'user']);
      expect(counts(await claimed({ discord: 100, elsewhere: 100 }))).toEqual({
        user: 1,
        channel: 3,
        webhook: 3,
        endpoint: 1,
      });
      expect(await claimed({ discord: 100, elsewhere: 100 })).toEqual([]);
    });

    it('takes back from those who fell silent what goes where there is a place', async () => {
      await running.leases.claim(2, 60);
      await running.database.query(
        `update notifications set lease_until = now() - interval '1 second' where state = 'leased'`,
      );
      expect(await claimed({ discord: 0, elsewhere: 3 })).toEqual(['endpoint again', 'endpoint again', 'endpoint']);
      expect(await claimed({ discord: 1, elsewhere: 0 })).toEqual(['user again']);
      expect(await claimed({ discord: 2, elsewhere: 0 })).toEqual(['user again', 'user']);
      const noted = await running.database.query<unknown[]>(
        `select from notification_attempts where outcome = 'abandoned'`,
      );
      expect(noted).toHaveLength(4);
    });

    it('tells when something falls due where there is a place', async () => {
      await running.database.query(
        `update notifications set not_before = now() + make_interval(hours => case when target ? 'endpoint' then 2 else 1 end)`,
      );
      const hours = async (places?: { discord: number; elsewhere: number }) =>
        Math.round(((await running.leases.secondsUntilDue(places)) ?? Infinity) / 3_600);
      expect(await hours()).toBe(1);
      expect(await hours({ discord: 4, elsewhere: 0 })).toBe(1);
      expect(await hours({ discord: 0, elsewhere: 4 })).toBe(2);
      expect(await hours({ discord: 0, elsewhere: 0 })).toBe(Infinity);
      await running.database.query(
        `update notifications set state = 'leased', lease_until = now() - interval '1 hour' where target ? 'webhookId'`,
      );
      expect(await hours()).toBe(-1);
      expect(await hours({ discord: 0, elsewhere: 4 })).toBe(2);
    });
  });
});

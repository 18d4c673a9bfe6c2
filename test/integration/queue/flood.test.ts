import { describe, expect, it, vi } from 'vitest';
import { FloodRepository } from '../../../src/queue/flood/flood.repository.js';
import { type Digest } from '../../../src/queue/types/digest.type.js';
import { aNotification, guildId, QueueBench, type RunningQueue, untilState } from './queue-fixture.js';

const limited = { QUEUE_FLOOD_LIMIT: '3', QUEUE_FLOOD_WINDOW_SECONDS: '600', QUEUE_POLL_SECONDS: '3600' };
const channelId = '200000000000000001';
const soon = { timeout: 15_000, interval: 20 };
const destination = `user:${aNotification.target.userId}`;

describe('flood control', () => {
  const bench = new QueueBench();
  const held = async () =>
    (await bench.rows<{ id: string }>(`select id from notifications where held = 'digest' order by id`)).map(
      ({ id }) => id,
    );
  const digests = () =>
    bench.rows<{ id: string; payload: Digest; state: string }>(
      `select id, payload, state from notifications where type = 'digest' order by id`,
    );

  async function publish(running: RunningQueue, count: number, more: object = {}): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const payload = { error_message: `failure ${n}` };
      ids.push((await running.queue.publish({ ...aNotification, payload, ...more })).id);
    }
    return ids;
  }

  /** As if the present windows had ended a moment ago. */
  async function endWindows(): Promise<void> {
    await bench.rows(`update notifications set not_before = now() - interval '1 second' where held = 'digest'`);
    await bench.rows(`update notification_floods set ends_at = now() - interval '1 second'`);
    await bench.rows(`select pg_notify('guildcast_digests', '')`);
  }

  async function untilOneDigest(): Promise<{ id: string; payload: Digest }> {
    return vi.waitFor(async () => {
      const found = await digests();
      expect(found).toHaveLength(1);
      return found[0]!;
    }, soon);
  }

  it('holds nothing and counts nothing unless a limit is set', async () => {
    const running = await bench.start({}, false);
    await publish(running, 20);
    expect(await held()).toEqual([]);
    expect(await bench.rows('select * from notification_floods')).toEqual([]);
  });

  it('lets as many as the limit pass, and tells the others in one digest when the window is over', async () => {
    const running = await bench.start(limited);
    const ids = await publish(running, 8, { guildId, locale: 'en' });
    for (const id of ids.slice(0, 3)) await untilState(running, id, 'delivered');
    const waiting = await running.queue.get(ids[3]!);
    expect(waiting).toMatchObject({ state: 'pending', heldBy: 'digest', supersededBy: null });
    const left = (Date.parse(waiting.nextAttemptAt!) - Date.now()) / 1000;
    expect(left).toBeGreaterThan(500);
    expect(left).toBeLessThan(700);
    expect(await held()).toEqual(ids.slice(3));
    expect(await digests()).toEqual([]);

    await endWindows();
    const { id, payload } = await untilOneDigest();
    expect(payload).toMatchObject({ type: 'backup_error', count: 5 });
    expect(payload.latest.map(({ text }) => text)).toEqual([7, 6, 5, 4, 3].map((n) => `failure ${n}`));
    expect(Date.parse(payload.from)).toBeLessThanOrEqual(Date.parse(payload.to));
    expect(await untilState(running, id, 'delivered')).toMatchObject({
      type: 'digest',
      target: aNotification.target,
      guildId,
    });
    expect(bench.sender.sendings).toHaveLength(4);
    expect(bench.sender.sendings[3]).toMatchObject({ userId: aNotification.target.userId });
    for (const told of ids.slice(3)) {
      expect(await running.queue.get(told, aNotification.publisher)).toMatchObject({
        state: 'superseded',
        supersededBy: id,
        heldBy: null,
        reason: 'told in a digest',
      });
    }
    // Its publisher may look at the digest.
    await running.queue.get(id, aNotification.publisher);
    const of = (type: string) =>
      running.events.filter((event) => event.type === type).map(({ data }) => (data as { id: string }).id);
    await vi.waitFor(() => expect(of('notification.superseded')).toEqual(ids.slice(3)), soon);
    await vi.waitFor(() => expect(of('notification.delivered')).toEqual([...ids.slice(0, 3), id]), soon);
    expect(of('notification.accepted')).toEqual([...ids, id]);
    expect(running.events.findIndex(({ data }) => (data as { id: string }).id === id)).toBeGreaterThan(-1);
  });

  it('wakes by the end of the window, though nobody rings', async () => {
    const running = await bench.start({ ...limited, QUEUE_FLOOD_WINDOW_SECONDS: '1' });
    const ids = await publish(running, 4);
    await untilState(running, ids[3]!, 'superseded');
    expect(await digests()).toMatchObject([{ payload: { count: 1 } }]);
  });

  it('begins anew with the next window', async () => {
    const running = await bench.start(limited);
    await publish(running, 5);
    await endWindows();
    await untilOneDigest();
    const ids = await publish(running, 4);
    expect(await held()).toEqual(ids.slice(3));
  });

  it.each([
    ['what is critical', { priority: 'critical' }],
    ['what has a collapse key', { collapseKey: 'k' }],
    ['what has a group', { groupKey: 'g' }],
    ['what consumers fetch', { delivery: 'pull' }],
    ['what waits for its time', { notBefore: new Date(Date.now() + 3_600_000).toISOString() }],
  ])('lets %s pass, and does not count it', async (_what, more) => {
    const running = await bench.start(limited, false);
    await publish(running, 6, more);
    expect(await held()).toEqual([]);
    await publish(running, 3);
    expect(await held()).toEqual([]);
    await publish(running, 1);
    expect(await held()).toHaveLength(1);
  });

  it('counts each publisher, destination and type for itself', async () => {
    const running = await bench.start(limited, false);
    for (const more of [{}, { publisher: 'other' }, { target: { channelId } }, { type: 'backup_success' }]) {
      await publish(running, 3, more);
    }
    expect(await held()).toEqual([]);
    const ids = await publish(running, 1, { type: 'backup_success' });
    expect(await held()).toEqual(ids);
  });

  it('counts the rows of a batch, and not what an idempotency key turns away or a transaction takes back', async () => {
    const running = await bench.start(limited, false);
    const same = { ...aNotification, idempotencyKey: 'a' };
    await Promise.all(Array.from({ length: 20 }, () => running.queue.publish(same)));
    const undone = running.queue.publishWith([aNotification, aNotification], () => Promise.reject(new Error('no')));
    await expect(undone).rejects.toThrow('no');
    const batch = await running.queue.publishAll([aNotification, aNotification, aNotification, aNotification]);
    expect(await held()).toEqual(batch.slice(2).map(({ id }) => id));
  });

  it('lets exactly as many pass when two processes publish at once', async () => {
    const processes = [await bench.start(limited, false), await bench.start(limited, false)];
    await Promise.all(Array.from({ length: 40 }, (_, n) => publish(processes[n % 2]!, 1)));
    expect(await held()).toHaveLength(37);
  });

  it('takes batches of several kinds at once, in whatever order their kinds are', async () => {
    const processes = [await bench.start(limited, false), await bench.start(limited, false)];
    const kinds = Array.from({ length: 10 }, (_, n) => ({ ...aNotification, type: `kind_${n}` }));
    const batches = Array.from({ length: 40 }, (_, n) =>
      processes[n % 2]!.queue.publishAll(n % 4 < 2 ? kinds : kinds.toReversed()),
    );
    await Promise.all(batches);
    expect(await held()).toHaveLength(10 * 37);
  });

  it('makes one digest, however many processes look, also without a limit of their own', async () => {
    const publisher = await bench.start(limited, false);
    const ids = await publish(publisher, 30);
    await bench.rows(`update notifications set not_before = now() - interval '1 second' where held = 'digest'`);
    const processes = await Promise.all([1, 2, 3, 4].map(() => bench.start({ QUEUE_POLL_SECONDS: '3600' })));
    await untilState(processes[0]!, ids.at(-1)!, 'superseded');
    await vi.waitFor(async () => expect(await held()).toEqual([]), soon);
    const [digest, ...more] = await digests();
    expect(more).toEqual([]);
    expect(digest!.payload.count).toBe(27);
    await untilState(processes[0]!, digest!.id, 'delivered');
  });

  it('makes a digest for each publisher, destination and type', async () => {
    const publisher = await bench.start(limited, false);
    const kinds = [{}, { publisher: 'other' }, { target: { channelId } }, { type: 'backup_success' }];
    for (const [n, more] of kinds.entries()) await publish(publisher, 4 + n, more);
    await bench.rows(`update notifications set not_before = now() - interval '1 second' where held = 'digest'`);
    await bench.start({ QUEUE_POLL_SECONDS: '3600' });
    await vi.waitFor(async () => expect(await digests()).toHaveLength(4), soon);
    expect((await digests()).map(({ payload }) => payload.count).toSorted()).toEqual([1, 2, 3, 4]);
    expect(await held()).toEqual([]);
  });

  it('goes as the newest would have gone, by the token of its webhook, and as urgent as the most urgent one', async () => {
    const running = await bench.start(limited);
    const target = { webhookUrl: 'hook:300000000000000001/a-secret-of-nobody-else' };
    const fallback = { channelId };
    await publish(running, 4, { target, priority: 'low' });
    await publish(running, 1, { target, priority: 'high' });
    await publish(running, 1, { target, fallback, priority: 'low', locale: 'en' });
    const kept = () =>
      bench.rows(
        'select target_secret from notifications where target_secret is not null or fallback_secret is not null',
      );
    await vi.waitFor(async () => expect(await kept()).toHaveLength(3), soon);
    await endWindows();
    const { id } = await untilOneDigest();
    expect(await untilState(running, id, 'delivered')).toMatchObject({ priority: 'high', fallback });
    expect(await bench.rows('select locale from notifications where id = $1', [id])).toEqual([{ locale: 'en' }]);
    expect(bench.sender.sendings.at(-1)).toMatchObject({
      webhook: { id: '300000000000000001', token: 'a-secret-of-nobody-else' },
    });
    expect(await kept()).toEqual([]);
  });

  it('names a guild only when all that it tells are of it', async () => {
    const running = await bench.start(limited);
    await publish(running, 4, { guildId });
    await publish(running, 1);
    await endWindows();
    const { id } = await untilOneDigest();
    expect(await running.queue.get(id)).toMatchObject({ guildId: null });
  });

  it('lets go what nobody wants any more, which ends as such', async () => {
    const running = await bench.start(limited);
    const ids = await publish(running, 6, { expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    const [expired] = ids.slice(3);
    await bench.rows(`update notifications set expires_at = now() where id = $1`, [expired]);
    await endWindows();
    expect((await untilOneDigest()).payload.count).toBe(2);
    expect(await untilState(running, expired!, 'dead')).toMatchObject({ attempts: [{ outcome: 'expired' }] });
  });

  it('is all or nothing: what breaks amid the writing leaves everything held', async () => {
    const running = await bench.start(limited, false);
    const ids = await publish(running, 6);
    await bench.rows(`update notifications set not_before = now() - interval '1 second' where held = 'digest'`);
    const floods = new FloodRepository(running.database);
    const kind = { publisher: aNotification.publisher, destination, type: aNotification.type };
    expect(await floods.due()).toEqual([kind]);
    const broken = floods.digest(kind, 'n', () => {
      throw new Error('the process dies here');
    });
    await expect(broken).rejects.toThrow('dies');
    expect(await held()).toEqual(ids.slice(3));
    expect(await digests()).toEqual([]);
    const runner = running.database.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [
      `digest ${kind.publisher} ${destination} ${kind.type}`,
    ]);
    expect(await floods.digest(kind, 'n', () => ({}))).toBeUndefined();
    await runner.rollbackTransaction();
    await runner.release();
    expect(await floods.digest(kind, 'n', () => ({ count: 3 }))).toMatchObject({ target: aNotification.target });
    expect(await held()).toEqual([]);
  });

  it('tells any number, 10 000 in one digest', async () => {
    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher, held, not_before)
       select '{"userId":"10000"}', 'x', '{}', 'n' || n, 'p', 'digest', now() from generate_series(1, 10050) n`,
    );
    await bench.start({ QUEUE_POLL_SECONDS: '3600' });
    await vi.waitFor(async () => expect(await digests()).toHaveLength(2), { timeout: 30_000 });
    expect((await digests()).map(({ payload }) => payload.count)).toEqual([10_000, 50]);
    expect(await held()).toEqual([]);
  }, 60_000);

  it('goes on after an outage of the database', async () => {
    const running = await bench.start(limited);
    await publish(running, 5);
    const query = vi.spyOn(running.database, 'query').mockRejectedValue(new Error('away'));
    await endWindows();
    await vi.waitFor(() => expect(query).toHaveBeenCalled(), soon);
    query.mockRestore();
    await untilOneDigest();
  });

  it('forgets the counters of windows that are long over', async () => {
    await bench.rows(
      `insert into notification_floods values ('p', 'd', 'old', now() - interval '2 hours', 9), ('p', 'd', 'new', now(), 9)`,
    );
    await bench.start(limited);
    await vi.waitFor(
      async () => expect(await bench.rows('select type from notification_floods')).toEqual([{ type: 'new' }]),
      soon,
    );
  });

  it('costs a look at a short index, however many notifications are done', async () => {
    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher, state, delivered_at)
       select '{"userId":"10000"}', 'x', '{}', 'n' || n, 't', 'delivered', now() from generate_series(1, 50000) n`,
    );
    await bench.rows('analyze notifications');
    const { database } = bench.observer;
    const floods = new FloodRepository(database);
    for (const look of [() => floods.due(), () => floods.secondsUntilDue()]) {
      const query = vi.spyOn(database, 'query');
      await look();
      const [statement] = query.mock.calls[0]!;
      query.mockRestore();
      const plan = JSON.stringify(await bench.rows(`explain (format json) ${statement}`));
      expect(plan).toMatch(/notifications_digest_(due|kinds)/);
      expect(plan).not.toContain('Seq Scan');
    }
  }, 60_000);
});

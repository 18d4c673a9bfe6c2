import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RouteRepository } from '../../../src/queue/routes/route.repository.js';
import { aNotification, failure, guildId, QueueBench, type RunningQueue, untilState } from './queue-fixture.js';

const byRoute = { type: aNotification.type, payload: aNotification.payload, publisher: 'tester', route: 'ops' };
const day = 86_400;
const channel = { channelId: '200000000000000001' };

describe('a route', () => {
  const bench = new QueueBench();
  let running: RunningQueue;
  let routes: RouteRepository;
  beforeEach(async () => {
    running = await bench.start({}, false);
    routes = new RouteRepository(running.database);
    await save();
  });
  afterEach(() => bench.rows('delete from notification_routes'));

  function save(change: object = {}, name = 'ops', most = 10) {
    const route = { name, description: '', target: channel, secret: null, fallback: null, fallbackSecret: null };
    const open = { guildId: null, delivery: null, priority: null, locale: null, floodLimit: null, floodSeconds: null };
    return routes.save({ ...route, ...open, ...change }, most);
  }

  const held = (id: string) =>
    bench.rows<{ state: string; held: string | null; behind: boolean }>(
      'select state, held, behind from notifications where id = $1',
      [id],
    );
  const claimed = async () => (await running.leases.claim(100, 60)).map(({ id }) => id);
  const published = async (change: object = {}) => (await running.queue.publish({ ...byRoute, ...change })).id;

  it('gives a notification its target, and what it does not say itself', async () => {
    const webhook = { webhookId: '300000000000000001' };
    await save({
      target: webhook,
      secret: 'the-token',
      fallback: { userId: '100000000000000009' },
      guildId,
      priority: 'high',
      locale: 'en',
    });
    const id = await published();
    expect(await running.queue.get(id)).toMatchObject({
      target: webhook,
      fallback: { userId: '100000000000000009' },
      guildId,
      priority: 'high',
    });
    expect(await bench.rows('select target_secret, locale, route from notifications where id = $1', [id])).toEqual([
      { target_secret: 'the-token', locale: 'en', route: 'ops' },
    ]);
    const own = await published({ priority: 'low', locale: 'es', fallback: { userId: '100000000000000008' } });
    expect(await running.queue.get(own)).toMatchObject({
      target: webhook,
      fallback: { userId: '100000000000000008' },
      priority: 'low',
    });
    expect(await bench.rows('select locale, delivery from notifications where id = $1', [own])).toEqual([
      { locale: 'es', delivery: 'push' },
    ]);
  });

  it('may leave the delivery to consumers', async () => {
    await save({ delivery: 'pull' });
    const pulled = await published();
    const pushed = await published({ delivery: 'push' });
    expect(
      await bench.rows('select delivery from notifications where id in ($1, $2) order by id', [pulled, pushed]),
    ).toEqual([{ delivery: 'pull' }, { delivery: 'push' }]);
  });

  it('is refused with its path where it is not there', async () => {
    for (const route of ['nobody', '../ops', 'OPS', 'ops\u0000']) {
      await expect(running.queue.publish({ ...byRoute, route })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { errors: [{ path: 'route' }] },
      });
    }
    await expect(running.queue.publishAll([byRoute, { ...byRoute, route: 'nobody' }])).rejects.toMatchObject({
      message: expect.stringContaining('notification 1: route') as string,
    });
    expect(await bench.rows('select from notifications')).toHaveLength(0);
  });

  it('may change between two equal requests: the second is still the first', async () => {
    const first = await running.queue.publish({ ...byRoute, idempotencyKey: 'one' });
    await save({ target: { userId: '100000000000000005' }, priority: 'low' });
    expect(await running.queue.publish({ ...byRoute, idempotencyKey: 'one' })).toMatchObject({
      id: first.id,
      created: false,
    });
    expect(await running.queue.get(first.id)).toMatchObject({ target: channel });
    await save({}, 'other');
    await expect(running.queue.publish({ ...byRoute, route: 'other', idempotencyKey: 'one' })).rejects.toMatchObject({
      code: 'idempotency.mismatch',
    });
  });

  it('keeps its pause and its secrets when it is written anew, and counts no more than it may', async () => {
    await routes.keepHookSecret('ops', 'github', 'the former secret', day);
    await routes.keepHookSecret('ops', 'github', 'a secret of hooks', day);
    await routes.pause('ops');
    const again = await save({ description: 'anew' });
    expect(again).toMatchObject({ created: false, route: { description: 'anew', hooks: ['github'] } });
    expect(again?.route.pausedAt).toBeInstanceOf(Date);
    expect(await routes.hookSecrets('ops', 'github')).toEqual(['a secret of hooks', 'the former secret']);
    expect(await save({}, 'second', 1)).toBeUndefined();
    expect(await save({}, 'ops', 1)).toBeDefined();
    expect((await save({}, 'second', 2))?.created).toBe(true);
    expect((await routes.all()).map(({ name }) => name)).toEqual(['ops', 'second']);
  });

  it('shows no secret, and gives the one of a hook to its signature alone', async () => {
    await save({ secret: 'token-of-a-webhook', fallback: channel, fallbackSecret: 'token-of-a-fallback' });
    expect(await routes.keepHookSecret('ops', 'github', 'former-of-github', day)).toBe(true);
    await routes.keepHookSecret('ops', 'github', 'secret-of-github', day);
    await routes.keepHookSecret('ops', 'grafana', 'secret-of-grafana', day);
    const shown = JSON.stringify([await routes.all(), await routes.find('ops'), await routes.pause('ops')]);
    for (const secret of ['token-of-a-webhook', 'token-of-a-fallback', 'of-github', 'secret-of-grafana']) {
      expect(shown).not.toContain(secret);
    }
    expect(await routes.hookSecrets('ops', 'github')).toEqual(['secret-of-github', 'former-of-github']);
    expect(await routes.hookSecrets('ops', 'grafana')).toEqual(['secret-of-grafana']);
    expect(await routes.hookSecrets('ops', 'alertmanager')).toEqual([]);
    expect(await routes.hookSecrets('nobody', 'github')).toEqual([]);
    expect(await routes.forgetHookSecrets('ops', 'github')).toBe(true);
    expect(await routes.hookSecrets('ops', 'github')).toEqual([]);
    expect(await routes.find('ops')).toMatchObject({ hooks: ['grafana'], formerHookSecrets: [] });
    expect(await routes.keepHookSecret('nobody', 'github', 'secret-of-github', day)).toBe(false);
    expect(await routes.forgetHookSecrets('nobody', 'github')).toBe(false);
  });

  it('holds back what waits and what comes while it is paused, and nothing of others', async () => {
    const waiting = await published();
    const direct = (await running.queue.publish(aNotification)).id;
    await save({}, 'other');
    const other = await published({ route: 'other' });
    await routes.pause('ops');
    const late = await published();
    expect(await held(waiting)).toMatchObject([{ state: 'pending', held: 'paused' }]);
    expect(await held(late)).toMatchObject([{ state: 'pending', held: 'paused' }]);
    expect(await claimed()).toEqual([direct, other]);
    expect((await running.queue.get(late)).heldBy).toBe('paused');
    await routes.resume('ops');
    expect(await claimed()).toEqual([waiting, late]);
  });

  it('holds back what consumers would fetch', async () => {
    await save({ delivery: 'pull' });
    const id = await published();
    await routes.pause('ops');
    expect((await running.pull.claim({ limit: 10 }, new AbortController().signal)).rows).toHaveLength(0);
    await routes.resume('ops');
    expect((await running.pull.claim({ limit: 10 }, new AbortController().signal)).rows.map((row) => row.id)).toEqual([
      id,
    ]);
  });

  it('holds back what failed while it was paused, and what is tried anew', async () => {
    const failing = await published();
    const dead = await published();
    const [first, second] = await running.leases.claim(2, 60);
    await routes.pause('ops');
    await running.leases.settle(first!, { state: 'pending', outcome: 'failed', delay: 0, reason: 'x' });
    await running.leases.settle(second!, { state: 'dead', outcome: 'refused', reason: 'x' });
    await bench.rows(`update notifications set state = 'pending' where id = $1`, [dead]);
    expect(await held(failing)).toMatchObject([{ state: 'pending', held: 'paused' }]);
    expect(await held(dead)).toMatchObject([{ state: 'pending', held: 'paused' }]);
    expect(await claimed()).toEqual([]);
    await routes.resume('ops');
    expect((await claimed()).sort()).toEqual([failing, dead].sort());
  });

  it('does not hold what was held when it died and is tried anew after the resumption', async () => {
    const id = await published();
    await routes.pause('ops');
    await bench.rows(`update notifications set state = 'dead', dead_at = now() where id = $1`, [id]);
    await routes.resume('ops');
    await bench.rows(`update notifications set state = 'pending' where id = $1`, [id]);
    expect(await held(id)).toMatchObject([{ state: 'pending', held: null }]);
  });

  it('keeps the order of a group over a pause, and frees nothing that waits for its turn', async () => {
    const ids = [await published({ groupKey: 'g' }), await published({ groupKey: 'g' })];
    await routes.pause('ops');
    ids.push(await published({ groupKey: 'g' }));
    await routes.resume('ops');
    for (const id of ids) {
      const claims = await running.leases.claim(10, 60);
      expect(claims.map((claim) => claim.id)).toEqual([id]);
      await running.leases.settle(claims[0]!, { state: 'delivered', outcome: 'sent' });
    }
  });

  it('holds the next of a group that gets its turn during the pause', async () => {
    const first = await published({ groupKey: 'g' });
    const second = await published({ groupKey: 'g' });
    const [claim] = await running.leases.claim(1, 60);
    expect(claim?.id).toBe(first);
    await routes.pause('ops');
    await running.leases.settle(claim!, { state: 'delivered', outcome: 'sent' });
    expect(await claimed()).toEqual([]);
    await routes.resume('ops');
    expect(await claimed()).toEqual([second]);
  });

  it('lets no row slip through, and none be held for ever, when it is paused and resumed amid publishing', async () => {
    const publishing = Promise.all(Array.from({ length: 120 }, () => published()));
    const turning = (async () => {
      for (let turn = 0; turn < 12; turn += 1) await (turn % 2 === 0 ? routes.pause('ops') : routes.resume('ops'));
      await routes.pause('ops');
    })();
    const [ids] = await Promise.all([publishing, turning]);
    expect(await bench.rows(`select from notifications where held is distinct from 'paused'`)).toHaveLength(0);
    await routes.resume('ops');
    expect(await bench.rows('select from notifications where held is not null')).toHaveLength(0);
    expect(await claimed()).toHaveLength(Math.min(100, ids.length));
  });

  it('makes a pause wait for a transaction that has published and not ended', async () => {
    const runner = running.database.createQueryRunner();
    await runner.connect();
    try {
      await runner.startTransaction();
      await runner.query(
        `insert into notifications (target, type, payload, publisher, nonce, route)
         values ('{"userId": "100000000000000001"}', 't', '{}', 'tester', 'nonce-of-a-test', 'ops')`,
      );
      let paused = false;
      const pausing = routes.pause('ops').then(() => (paused = true));
      await vi.waitFor(async () => {
        const waiting = await bench.rows(`select from pg_locks where locktype = 'advisory' and not granted`);
        expect(waiting.length).toBeGreaterThan(0);
      });
      expect(paused).toBe(false);
      await runner.commitTransaction();
      await pausing;
    } finally {
      await runner.release();
    }
    expect(await bench.rows('select held from notifications')).toEqual([{ held: 'paused' }]);
  });

  it('stays while notifications wait for it, and goes when they do not', async () => {
    const id = await published();
    await routes.pause('ops');
    expect(await routes.remove('ops')).toBe('awaited');
    await routes.resume('ops');
    expect(await routes.remove('ops')).toBe('removed');
    expect(await routes.remove('ops')).toBe('missing');
    expect(await routes.pause('ops')).toBeUndefined();
    expect(await claimed()).toEqual([id]);
  });

  it('wakes the worker when it is resumed', async () => {
    const worker = await bench.start({ QUEUE_POLL_SECONDS: '3600' });
    await routes.pause('ops');
    const id = await published();
    await routes.resume('ops');
    await untilState(worker, id, 'delivered');
    expect(bench.sender.sendings).toMatchObject([{ channelId: channel.channelId }]);
  });

  it('tells the worker to try again later what fails, and holds it', async () => {
    bench.sender.answer = async () => {
      await routes.pause('ops');
      return failure;
    };
    const worker = await bench.start({ QUEUE_RETRY_SCHEDULE: '1' });
    const id = await published();
    await vi.waitFor(async () => expect(await held(id)).toMatchObject([{ state: 'pending', held: 'paused' }]), {
      timeout: 15_000,
    });
    bench.sender.answer = () => ({ kind: 'sent', messageId: '1' });
    await routes.resume('ops');
    await untilState(worker, id, 'delivered');
  });
});

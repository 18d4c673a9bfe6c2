import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RouteRepository } from '../../../src/queue/routes/route.repository.js';
import { aNotification, QueueBench, type RunningQueue } from './queue-fixture.js';

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

  describe('with limits of floods', () => {
    const heldOf = async (ids: string[]) => {
      const rows = await bench.rows<{ held: string | null }>(
        'select held from notifications where id = any ($1::bigint[]) order by id',
        [ids],
      );
      return rows.map((row) => row.held);
    };
    const publishTo = async (queue: RunningQueue['queue'], count: number, change: object = {}) => {
      const inputs = Array.from({ length: count }, () => ({ ...byRoute, ...change }));
      return (await queue.publishAll(inputs)).map(({ id }) => id);
    };

    it('holds more than it allows where the instance holds nothing', async () => {
      await save({ floodLimit: 1, floodSeconds: 500 });
      const ids = await publishTo(running.queue, 3);
      expect(await heldOf(ids)).toEqual([null, 'digest', 'digest']);
      const [row] = await bench.rows<{ seconds: number }>(
        `select extract(epoch from not_before - created_at)::float8 as seconds from notifications where id = $1`,
        [ids[1]],
      );
      expect(row!.seconds).toBeCloseTo(500);
      const direct = await publishTo(running.queue, 3, {
        route: undefined,
        target: { channelId: '200000000000000009' },
      });
      expect(await heldOf(direct)).toEqual([null, null, null]);
    });

    it('holds what the instance holds, or nothing, as the operator wants it', async () => {
      const limited = await bench.start({ QUEUE_FLOOD_LIMIT: '1', QUEUE_FLOOD_WINDOW_SECONDS: '700' }, false);
      const another = (n: number) => ({ target: { channelId: `20000000000000001${n}` } });
      await save({ ...another(1) });
      expect(await heldOf(await publishTo(limited.queue, 2))).toEqual([null, 'digest']);
      await save({ ...another(2), floodLimit: 0 });
      expect(await heldOf(await publishTo(limited.queue, 3))).toEqual([null, null, null]);
      await save({ ...another(3), floodLimit: 2 });
      expect(await heldOf(await publishTo(limited.queue, 3))).toEqual([null, null, 'digest']);
      await save({ ...another(4), floodSeconds: 30 });
      expect(await heldOf(await publishTo(limited.queue, 2))).toEqual([null, 'digest']);
      const ends = await bench.rows<{ seconds: number }>(
        `select round(extract(epoch from ends_at - now()) / 10)::int * 10 as seconds from notification_floods
         order by destination`,
      );
      expect(ends.map(({ seconds }) => seconds)).toEqual([700, 700, 30]);
    });

    it('shows them, and forgets them when it is written without', async () => {
      await save({ floodLimit: 0, floodSeconds: 30 });
      expect(await routes.find('ops')).toMatchObject({ floodLimit: 0, floodSeconds: 30 });
      await save();
      expect(await routes.find('ops')).toMatchObject({ floodLimit: null, floodSeconds: null });
    });
  });

  describe('whose hooks get another secret', () => {
    const keep = (secret: string, overlapSeconds: number) =>
      routes.keepHookSecret('ops', 'github', secret, overlapSeconds);
    const good = () => routes.hookSecrets('ops', 'github');

    it('takes the former one too, and none before', async () => {
      await keep('first', day);
      expect(await good()).toEqual(['first']);
      await keep('second', day);
      expect(await good()).toEqual(['second', 'first']);
      await keep('third', day);
      expect(await good()).toEqual(['third', 'second']);
    });

    it('takes the former one for as long as the database says', async () => {
      await keep('first', day);
      await keep('second', day);
      const [former] = (await routes.find('ops'))!.formerHookSecrets;
      const [clock] = await bench.rows<{ now: Date }>('select now()');
      const seconds = (Date.parse(former!.until) - clock!.now.getTime()) / 1000;
      expect(former!.kind).toBe('github');
      expect(seconds).toBeGreaterThan(day - 60);
      expect(seconds).toBeLessThanOrEqual(day);
      await bench.rows(
        `update notification_routes set former_hook_secrets =
           jsonb_set(former_hook_secrets, '{github,until}', to_jsonb(now() - interval '1 millisecond'))`,
      );
      expect(await good()).toEqual(['second']);
      expect((await routes.find('ops'))!.formerHookSecrets).toEqual([]);
    });

    it('ends the former one at once where that is wanted, also later', async () => {
      await keep('first', day);
      await keep('second', 0);
      expect(await good()).toEqual(['second']);
      await keep('third', day);
      await keep('third', 0);
      expect(await good()).toEqual(['third']);
      const kept = await bench.rows('select hook_secrets, former_hook_secrets from notification_routes');
      expect(JSON.stringify(kept)).not.toMatch(/first|second/);
    });

    it('loses nothing when the same is said twice', async () => {
      await keep('first', day);
      await keep('second', day);
      await keep('second', day);
      expect(await good()).toEqual(['second', 'first']);
    });

    it('keeps one former one of each of those who change it at once', async () => {
      await keep('first', day);
      const names = ['a', 'b', 'c', 'd'];
      await Promise.all(names.map((name) => keep(name, day)));
      const [newer, former, ...more] = await good();
      expect([names.includes(newer!), names.includes(former!), newer !== former, more]).toEqual([true, true, true, []]);
    });

    it('leaves those of other kinds alone', async () => {
      await keep('first', day);
      await routes.keepHookSecret('ops', 'grafana', 'of grafana', day);
      await routes.keepHookSecret('ops', 'grafana', 'newer of grafana', day);
      await keep('second', 0);
      expect(await routes.hookSecrets('ops', 'grafana')).toEqual(['newer of grafana', 'of grafana']);
      await routes.forgetHookSecrets('ops', 'github');
      expect(await routes.hookSecrets('ops', 'grafana')).toEqual(['newer of grafana', 'of grafana']);
    });
  });

  it('are no more than there may be, also when they are written at once', async () => {
    // Each on a connection of its own.
    await Promise.all(Array.from({ length: 8 }, () => running.database.query('select pg_sleep(0.2)')));
    const saved = await Promise.all(Array.from({ length: 8 }, (_, n) => save({}, `at-once-${n}`, 3)));
    expect(saved.filter((one) => one !== undefined)).toHaveLength(2);
    expect(await routes.all()).toHaveLength(3);
  });
});

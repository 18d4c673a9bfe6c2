import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { CuttableProxy } from '../support/cuttable-proxy.js';
import { EventQueueClient } from '../support/event-queue-client.js';
import { OldConsumer } from '../support/old-consumer.js';
import { Front } from '../support/remote-sources-front.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const patience = { timeout: 25_000, interval: 100 };
const quick = {
  QUEUE_POLL_SECONDS: '1',
  QUEUE_RETRY_SCHEDULE: '1',
  QUEUE_SOURCE_INTERVAL: '1',
  // Tests that share a program look at it more often than anybody else would.
  RATE_LIMIT_HTTP_PER_MINUTE: '1000000',
  RATE_LIMIT_PUBLISH_PER_MINUTE: '1000000',
};

/** As `QUEUE_SOURCES` has it. */
function withKey(url: string, key = testKeys.consume): string {
  return url.replace('http://', `http://bot:${key}@`);
}

describe('a Guildcast that polls', { timeout: 60_000 }, () => {
  let discord: FakeDiscord;
  let userId: string;
  const apps = new Set<TestApp>();

  beforeAll(async () => {
    discord = await FakeDiscord.start();
  });
  afterAll(() => discord.stop());
  beforeEach(() => (userId = discord.addUser({ username: 'alice' }).id));
  afterEach(async () => {
    await discord.comeBack();
    await Promise.all([...apps].map((app) => app.close()));
    apps.clear();
  });

  async function start(env: Record<string, string>): Promise<TestApp> {
    const app = await startTestApp({ ...quick, ...env });
    apps.add(app);
    return app;
  }
  const bot = () => ({ DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl, DATA_PROVIDERS: 'mock' });
  const withBot = (env: Record<string, string>): Promise<TestApp> => start({ ...bot(), ...env });
  const database = ({ app }: TestApp): DataSource => app.get(DataSource);
  const sentTo = (id: string): number => discord.sent.filter((message) => message.userId === id).length;
  const event = async (queue: EventQueueClient, id: number): Promise<Record<string, unknown>> =>
    (await queue.get(`/discord/events/${id}`)).body.event as Record<string, unknown>;

  describe('another one', () => {
    let source: TestApp;
    let queue: EventQueueClient;
    let proxy: CuttableProxy;
    let poller: TestApp;
    beforeAll(async () => {
      source = await startTestApp(quick);
      queue = new EventQueueClient(source.url);
      proxy = await CuttableProxy.to(source.url);
      poller = await startTestApp({ ...quick, ...bot(), QUEUE_SOURCES: `home=${withKey(proxy.url)}` });
    });
    afterEach(async () => {
      proxy.mend();
      await database(source).query('truncate notifications, notification_attempts');
      const tables = 'notifications, notification_attempts, remote_events, remote_sources';
      await database(poller).query(`truncate ${tables}`);
    });
    afterAll(async () => {
      await poller.close();
      await proxy.close();
      await source.close();
    });
    const status = async () => (await new EventQueueClient(poller.url).get('/api/v1/admin/queue/sources')).body.sources;
    const metrics = async () => {
      const headers = { authorization: `Bearer ${testKeys.metrics}` };
      return (await fetch(`${poller.url}/metrics`, { headers })).text();
    };
    const processed = async () =>
      Number(/_events_total\{source="home",what="processed"\} (\d+)/.exec(await metrics())?.[1]);

    it('delivers its events and says so, and shows how the source stands to those who may know', async () => {
      const before = await processed();
      const ids = [await queue.publish({ user_id: userId }), await queue.publish({ user_id: userId })];
      for (const id of ids) {
        await expect
          .poll(() => event(queue, id), patience)
          .toMatchObject({ status: 'processed', consumer: 'guildcast', attempts: 0 });
      }
      expect(sentTo(userId)).toBe(2);
      const own = new EventQueueClient(poller.url);
      const address = '/api/v1/admin/queue/sources';
      await expect
        .poll(() => own.get(address), patience)
        .toMatchObject({
          status: 200,
          body: { sources: [{ name: 'home', state: 'ok', polled: 2, processed: 2, failed: 0, waiting: 0, untold: 0 }] },
        });
      for (const key of [null, testKeys.consume, testKeys.publish, testKeys.read]) {
        expect((await own.get(address, { key })).status).toBe(key === null ? 401 : 403);
      }
      const { body } = await own.get('/discord/stats');
      expect(body.sources).toEqual([
        {
          name: 'home',
          total_polled: 2,
          total_processed: 2,
          total_failed: 0,
          last_poll: expect.any(String) as string,
          last_error: null,
        },
      ]);
      expect((await queue.get('/discord/stats')).body.sources).toEqual([]);
      const measured = await metrics();
      expect(await processed()).toBe(before + 2);
      expect(measured).toContain('guildcast_remote_source_open_events{source="home",state="waiting"} 0');
      expect(measured).toMatch(/guildcast_remote_source_last_poll_timestamp_seconds\{source="home"\} 1/);
      expect(JSON.stringify([measured, body, await own.get(address)])).not.toContain(testKeys.consume);
    });

    it('ends there at once what can never arrive', async () => {
      discord.closeDMs(userId);
      const id = await queue.publish({ user_id: userId });
      await expect.poll(() => event(queue, id), patience).toMatchObject({ status: 'failed', attempts: 1 });
      expect((await event(queue, id)).error_message).toMatch(/\w/);
      discord.openDMs(userId);
      expect((await queue.post(`/discord/events/${id}/retry`)).status).toBe(200);
      await expect.poll(() => event(queue, id), patience).toMatchObject({ status: 'processed' });
      expect(sentTo(userId)).toBe(1);
    });

    it('keeps its lease there while Discord is away, so that no try is burnt', async () => {
      await discord.goDown();
      const id = await queue.publish({ user_id: userId });
      await expect.poll(() => event(queue, id), patience).toMatchObject({ status: 'leased' });
      await expect.poll(() => database(poller).query('select from notifications'), patience).toHaveLength(1);
      await database(source).query(`update notifications set lease_until = now() + interval '60 seconds'`);
      await database(poller).query(`update remote_events set lease_until = now() + interval '60 seconds'`);
      await expect
        .poll(async () => {
          const rows = await database(source).query<object[]>(
            `select state, attempts, lease_until > now() + interval '800 seconds' as long from notifications`,
          );
          return rows;
        }, patience)
        .toEqual([{ state: 'leased', attempts: 0, long: true }]);
      await discord.comeBack();
      await expect.poll(() => event(queue, id), patience).toMatchObject({ status: 'processed', attempts: 0 });
      expect(sentTo(userId)).toBe(1);
    });

    it('leaves there what it could not deliver soon, and comes for it when it can', async () => {
      await discord.goDown();
      await database(source).query(
        `insert into notifications (target, type, payload, nonce, publisher, delivery)
         select jsonb_build_object('userId', $1::text), 'x', jsonb_build_object('n', n), 'n' || n, 'tester', 'pull'
         from generate_series(1, 520) as n`,
        [userId],
      );
      const there = async (): Promise<object> => {
        const { leased, deliverable, processed } = (await queue.get('/discord/stats')).body.stats as Record<
          string,
          number
        >;
        return { leased, deliverable, processed };
      };
      await expect.poll(() => database(poller).query('select from notifications'), patience).toHaveLength(500);
      expect(await there()).toEqual({ leased: 500, deliverable: 20, processed: 0 });
      // Most of them end without Discord, so that the test does too.
      const [, ended] = await database(poller).query<[unknown, number]>(
        `update notifications set state = 'delivered', delivered_at = now() where state = 'pending' and id % 20 <> 0`,
      );
      await discord.comeBack();
      await expect.poll(there, { ...patience, timeout: 60_000 }).toEqual({ leased: 0, deliverable: 0, processed: 520 });
      expect(ended).toBeGreaterThan(400);
      expect(sentTo(userId)).toBe(520 - ended);
    }, 120_000);

    it('delivers once although its lease was lost meanwhile', async () => {
      await discord.goDown();
      const id = await queue.publish({ user_id: userId });
      await expect.poll(() => database(poller).query('select from notifications'), patience).toHaveLength(1);
      await database(source).query('update notifications set lease_until = now()');
      // It is offered again, and taken again.
      await expect.poll(() => event(queue, id), patience).toMatchObject({ status: 'leased', attempts: 1 });
      await expect
        .poll(async () => {
          const [there] = await database(source).query<{ token: string }[]>(
            'select lease_token as token from notifications',
          );
          const [here] = await database(poller).query<{ token: string }[]>(
            'select lease_token as token from remote_events',
          );
          return there?.token === here?.token;
        }, patience)
        .toBe(true);
      await discord.comeBack();
      await expect.poll(() => event(queue, id), patience).toMatchObject({ status: 'processed' });
      expect(sentTo(userId)).toBe(1);
      expect(await database(poller).query('select from notifications')).toHaveLength(1);
    });

    it('shares it with a consumer, and nobody gets a message twice', async () => {
      const people = Array.from({ length: 40 }, (_, count) => discord.addUser({ username: `user${count}` }).id);
      const byConsumer: string[] = [];
      const consumer = new OldConsumer(withKey(source.url), (id) => {
        byConsumer.push(String(id));
        return Promise.resolve();
      });
      for (const [index, person] of people.entries()) {
        await queue.publish({ user_id: person });
        if (index % 10 === 5) await consumer.poll();
      }
      await expect
        .poll(async () => (await queue.get('/discord/stats')).body.stats, patience)
        .toMatchObject({ processed: 40 });
      expect(people.map((id) => sentTo(id) + byConsumer.filter((got) => got === id).length)).toEqual(
        people.map(() => 1),
      );
      expect(consumer.complaints).toEqual([]);
    });

    it('hears of it when it is back from an outage', async () => {
      await expect.poll(status, patience).toMatchObject([{ name: 'home', state: 'ok' }]);
      proxy.cut();
      await expect.poll(status, patience).toMatchObject([{ state: 'failing' }]);
      const id = await queue.publish({ user_id: userId });
      proxy.mend();
      await expect.poll(() => event(queue, id), patience).toMatchObject({ status: 'processed' });
      await expect.poll(status, patience).toMatchObject([{ state: 'ok', processed: 1 }]);
      expect(sentTo(userId)).toBe(1);
    });

    it('says what is wrong with its key', async () => {
      const wrong = await withBot({ QUEUE_SOURCES: `home=${withKey(source.url, 'canary-wrong-key')}` });
      const own = new EventQueueClient(wrong.url);
      await expect
        .poll(() => own.get('/api/v1/admin/queue/sources'), patience)
        .toMatchObject({
          body: {
            sources: [
              {
                state: 'failing',
                lastError: 'answered 401 Unauthorized: see the user and the password in its address',
              },
            ],
          },
        });
    });
  });

  describe('itself, or one that polls it', () => {
    const fronts: Front[] = [];
    beforeEach(async () => {
      fronts.push(await Front.open(), await Front.open());
    });
    afterEach(() => Promise.all(fronts.splice(0).map((front) => front.close())));

    const kinds = (app: TestApp): Promise<object[]> =>
      database(app).query('select delivery, state, count(*)::int from notifications group by 1, 2 order by 1, 2');
    /** Answers after two more polls of every source. */
    async function polledTwice(app: TestApp): Promise<void> {
      const polls = async (): Promise<number> => {
        const headers = { authorization: `Bearer ${testKeys.metrics}` };
        const text = await (await fetch(`${app.url}/metrics`, { headers })).text();
        return Number(/polls_total\{[^}]*result="ok"\} (\d+)/.exec(text)?.[1]);
      };
      const before = await polls();
      await expect.poll(polls, patience).toBeGreaterThan(before + 1);
    }

    it('delivers once what is to be pulled, and nothing goes round', async () => {
      const [front] = fronts as [Front, Front];
      const app = await withBot({ QUEUE_DELIVERY: 'pull', QUEUE_SOURCES: withKey(front.url) });
      front.target = app.url;
      const queue = new EventQueueClient(app.url);
      const pulled = await queue.publish({ user_id: userId });
      const pushed = await queue.publish({ user_id: userId, delivery: 'push' });
      await expect.poll(() => event(queue, pulled), patience).toMatchObject({ status: 'processed', delivery: 'pull' });
      await expect.poll(() => event(queue, pushed), patience).toMatchObject({ status: 'processed', delivery: 'push' });
      await polledTwice(app);
      expect(await kinds(app)).toEqual([
        { delivery: 'pull', state: 'delivered', count: 1 },
        { delivery: 'push', state: 'delivered', count: 2 },
      ]);
      expect(sentTo(userId)).toBe(2);
    });

    it('delivers once where two poll each other', async () => {
      const [frontOfOne, frontOfTwo] = fronts as [Front, Front];
      const one = await withBot({ QUEUE_DELIVERY: 'pull', QUEUE_SOURCES: withKey(frontOfTwo.url) });
      const two = await withBot({ QUEUE_DELIVERY: 'pull', QUEUE_SOURCES: withKey(frontOfOne.url) });
      [frontOfOne.target, frontOfTwo.target] = [one.url, two.url];
      for (const app of [one, two]) {
        const queue = new EventQueueClient(app.url);
        const id = await queue.publish({ user_id: userId });
        await expect.poll(() => event(queue, id), patience).toMatchObject({ status: 'processed' });
      }
      await polledTwice(one);
      await polledTwice(two);
      for (const app of [one, two]) {
        expect(await kinds(app)).toEqual([
          { delivery: 'pull', state: 'delivered', count: 1 },
          { delivery: 'push', state: 'delivered', count: 1 },
        ]);
      }
      expect(sentTo(userId)).toBe(2);
    });
  });
});

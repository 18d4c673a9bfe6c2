import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../integration/database/database-proxy.js';
import { EventQueueClient } from '../support/event-queue-client.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { testKeys } from '../support/test-app.js';
import { createTestDatabase } from '../support/test-database.js';

const patience = { timeout: 20_000, interval: 100 };

/** The built program, killed at the worst moments, on one database. */
describe('the event queue over kill -9', { timeout: 60_000 }, () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let client: Client;
  let process: GuildcastProcess | undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  afterEach(async () => {
    await process?.kill();
    process = undefined;
    await client.query('truncate notifications, notification_attempts');
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  async function start(url = database.url): Promise<EventQueueClient> {
    const keys = Object.entries(testKeys).map((entry) => entry.join('='));
    process = await startGuildcast({
      env: { DATABASE_URL: url, API_KEYS: keys.join(','), DATA_PROVIDERS: 'mock', QUEUE_POLL_SECONDS: '1' },
    });
    return new EventQueueClient(process.url);
  }
  async function restart(): Promise<EventQueueClient> {
    await process?.kill();
    return start();
  }

  it('keeps what was acknowledged, and its key', async () => {
    let queue = await start();
    const body = { user_id: '100000000000000001', event_type: 'backup_error', payload: { error_message: 'disk full' } };
    const publish = (key: string) => queue.post('/discord/events', body, { headers: { 'idempotency-key': key } });
    const answers = await Promise.all(['a', 'b', 'c'].map(publish));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    queue = await restart();
    const again = await Promise.all(['a', 'b', 'c'].map(publish));
    expect(again.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(again.map(({ body: { event_id } }) => event_id)).toEqual(answers.map(({ body: { event_id } }) => event_id));
    expect(await queue.events()).toHaveLength(3);
  }, 180_000);

  it('keeps leases and marks, takes the marks that come after, and offers again what nobody marks', async () => {
    let queue = await start();
    const ids: number[] = [];
    for (let i = 0; i < 5; i += 1) ids.push(await queue.publish());
    const [a, b, c, d, e] = ids as [number, number, number, number, number];
    expect(await queue.ids('?limit=3')).toEqual([a, b, c]);
    const [named] = await queue.events('?lease_seconds=600&limit=1');
    expect((await queue.post(`/discord/events/${a}/processed`)).status).toBe(200);
    queue = await restart();
    expect(await queue.ids()).toEqual([e]);
    expect((await queue.post(`/discord/events/${a}/processed`)).status).toBe(409);
    expect((await queue.post(`/discord/events/${b}/processed`)).status).toBe(200);
    expect((await queue.post(`/discord/events/${d}/processed`)).status).toBe(409);
    const { lease_token } = named!;
    expect((await queue.post(`/discord/events/${d}/processed`, { lease_token })).status).toBe(200);
    expect((await queue.post(`/discord/events/${e}/failed`, { error_message: 'x' })).status).toBe(200);
    await client.query(`update notifications set lease_until = now() where state = 'leased'`);
    await expect.poll(() => queue.events('?lease_seconds=0'), patience).toMatchObject([{ id: c, attempts: 1 }]);
    const { body } = await queue.get('/discord/stats');
    expect(body.stats).toMatchObject({ total: 5, processed: 3, pending: 2, failed: 0 });
  }, 180_000);

  it('says that it cannot store anything while its database is away, and goes on when that is back', async () => {
    const proxy = await DatabaseProxy.start(database.url);
    try {
      const queue = await start(proxy.url);
      await queue.publish();
      proxy.cut();
      await expect
        .poll(() => queue.get('/discord/health', { key: null }), patience)
        .toMatchObject({ status: 503, body: { success: false, status: 'unhealthy', queue_available: false } });
      const event = { user_id: '10000', event_type: 'x', payload: {} };
      for (const answer of [
        await queue.post('/discord/events', event),
        await queue.get('/discord/events'),
        await queue.get('/discord/stats'),
        await queue.post('/discord/events/1/processed'),
      ]) {
        expect(answer).toMatchObject({ status: 503, body: { success: false, error: expect.any(String) as string } });
      }
      await proxy.heal();
      await expect.poll(async () => (await queue.get('/discord/health', { key: null })).status, patience).toBe(200);
      expect(await queue.events()).toHaveLength(1);
    } finally {
      await process?.kill();
      process = undefined;
      proxy.stop();
    }
  }, 180_000);
});

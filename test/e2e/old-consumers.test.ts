import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { EventQueueClient } from '../support/event-queue-client.js';
import { OldConsumer, type SendMessage } from '../support/old-consumer.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

let app: TestApp;
let queue: EventQueueClient;
let address: string;
beforeAll(async () => {
  app = await startTestApp({ RATE_LIMIT_HTTP_PER_MINUTE: '1000000', RATE_LIMIT_PUBLISH_PER_MINUTE: '1000000' });
  queue = new EventQueueClient(app.url);
  address = app.url.replace('://', `://bot:${encodeURIComponent(testKeys.consume)}@`);
});
afterAll(() => app.close());

const sql = <T>(statement: string, parameters: unknown[] = []): Promise<T[]> =>
  app.app.get(DataSource).query(statement, parameters);
afterEach(() => sql('truncate notifications, notification_attempts'));

const publishMany = (count: number) => Promise.all(Array.from({ length: count }, () => queue.publish()));
const states = () =>
  sql<{ state: string; count: number }>('select state, count(*)::int from notifications group by state order by state');
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('a consumer that was written for the older queue', { timeout: 60_000 }, () => {
  it('gets every event once, in their order, and marks it', async () => {
    const ids = (await publishMany(70)).sort((a, b) => a - b);
    const sent: number[] = [];
    const consumer = new OldConsumer(address, (userId, { id }) => {
      expect(userId).toBe(100_000_000_000_000_001n);
      sent.push(id);
      return Promise.resolve();
    });
    await consumer.poll();
    expect(sent).toEqual(ids.slice(0, 50));
    await consumer.poll();
    await consumer.poll();
    expect(sent).toEqual(ids);
    expect(consumer.stats).toEqual({ polled: 70, processed: 70, failed: 0 });
    expect(consumer.complaints).toEqual([]);
    expect(await states()).toEqual([{ state: 'delivered', count: 70 }]);
  });

  it('never sends what another such consumer sends, however they poll', async () => {
    await publishMany(120);
    const sent: number[] = [];
    const send: SendMessage = async (_userId, { id }) => {
      sent.push(id);
      // Gives the other one room to poll in the middle of the batch.
      await nextTurn();
    };
    const consumers = [1, 2, 3].map(() => new OldConsumer(address, send));
    for (let round = 0; round < 3; round += 1) await Promise.all(consumers.map((consumer) => consumer.poll()));
    expect(sent).toHaveLength(120);
    expect(new Set(sent).size).toBe(120);
    expect(consumers.flatMap(({ complaints }) => complaints)).toEqual([]);
    expect(consumers.filter(({ stats }) => stats.processed > 0).length).toBeGreaterThan(1);
  });

  it('keeps its whole batch however long it takes, as long as it marks one within the lease', async () => {
    const [first] = (await publishMany(3)).sort((a, b) => a - b);
    const other = new OldConsumer(address, () => Promise.reject(new Error('the other one sent something')));
    let sent = 0;
    const slow = new OldConsumer(address, async (_userId, { id }) => {
      // As much of the lease as there is goes by before this mark.
      if (id !== first) {
        const [lease] = await sql<{ left: number }>(
          `select extract(epoch from min(lease_until) - now())::float8 as left from notifications where state = 'leased'`,
        );
        expect(lease!.left).toBeGreaterThan(100);
      }
      await sql(`update notifications set lease_until = now() + interval '1 second' where state = 'leased'`);
      await other.poll();
      sent += 1;
    });
    await slow.poll();
    expect(sent).toBe(3);
    expect(slow.complaints).toEqual([]);
    expect(other.stats.polled).toBe(0);
    expect(await states()).toEqual([{ state: 'delivered', count: 3 }]);
  });

  it('tries again what Discord refused, and not what can never arrive', async () => {
    const [down, unknown, closed, custom, good] = [
      await queue.publish({ user_id: '10001' }),
      await queue.publish({ user_id: '10002' }),
      await queue.publish({ user_id: '10003' }),
      await queue.publish({ event_type: 'custom_event' }),
      await queue.publish({ user_id: '10005' }),
    ];
    const consumer = new OldConsumer(address, (userId) => {
      if (userId === 10_001n) return Promise.reject(new Error('503 Service Unavailable (error code: 0): upstream'));
      if (userId === 10_002n) return Promise.reject(new Error('Usuario no encontrado'));
      if (userId === 10_003n) {
        return Promise.reject(new Error('403 Forbidden (error code: 50007): Cannot send messages to this user'));
      }
      return Promise.resolve();
    });
    await consumer.poll();
    expect(consumer.stats).toEqual({ polled: 5, processed: 1, failed: 4 });
    expect(consumer.complaints).toEqual([]);
    const statusOf = async (id: number) => {
      const { body } = await queue.get(`/discord/events/${id}`);
      return (body.event as { status: string }).status;
    };
    expect(await Promise.all([down, unknown, closed, custom, good].map(statusOf))).toEqual([
      'pending',
      'failed',
      'failed',
      'failed',
      'processed',
    ]);
    await sql('update notifications set not_before = now()');
    await consumer.poll();
    expect(consumer.stats.polled).toBe(6);
  });

  it('gets again what it was given before it died, once its lease is over', async () => {
    const ids = (await publishMany(3)).sort((a, b) => a - b);
    const dying: OldConsumer = new OldConsumer(address, (_userId, { id }) => {
      if (id === ids[1]) dying.stop();
      return Promise.resolve();
    });
    await expect(dying.poll()).rejects.toThrow('Session is closed');
    const sent: number[] = [];
    const next = new OldConsumer(address, (_userId, { id }) => {
      sent.push(id);
      return Promise.resolve();
    });
    await next.poll();
    expect(sent).toEqual([]);
    await sql(`update notifications set lease_until = now()`);
    await next.poll();
    expect(sent).toEqual(ids.slice(1));
    expect(await sql(`select 1 from notification_attempts where outcome = 'abandoned'`)).toHaveLength(2);
  });

  it('is told that it needs a key, in JSON, and goes on with another round', async () => {
    await queue.publish();
    const without = new OldConsumer(app.url, () => Promise.resolve());
    await without.poll();
    expect(without.stats.polled).toBe(0);
    expect(without.complaints[0]).toMatch(/^poll: 401 application\/json.*"success":false/);
  });

  it('is never too fast with its marks', async () => {
    const slowLane = await startTestApp({ RATE_LIMIT_HTTP_PER_MINUTE: '2' });
    try {
      const publisher = new EventQueueClient(slowLane.url);
      await Promise.all(Array.from({ length: 20 }, () => publisher.publish()));
      const consumer = new OldConsumer(slowLane.url.replace('://', `://bot:${testKeys.consume}@`), () =>
        Promise.resolve(),
      );
      await consumer.poll();
      expect(consumer.stats.processed).toBe(20);
      expect(consumer.complaints).toEqual([]);
      await consumer.poll();
      await consumer.poll();
      expect(consumer.complaints[0]).toMatch(/^poll: 429 application\/json/);
    } finally {
      await slowLane.close();
    }
  });
});

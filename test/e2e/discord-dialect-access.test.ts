import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventQueueClient } from '../support/event-queue-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const basic = (password: string, user = 'any') =>
  `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
const anError = { success: false, error: expect.any(String) as string };

const consuming = [
  ['GET', '/discord/events'],
  ['POST', '/discord/events/1/processed'],
  ['POST', '/discord/events/1/failed'],
  ['GET', '/discord/events/failed'],
  ['GET', '/discord/events/1'],
  ['POST', '/discord/events/1/retry'],
  ['DELETE', '/discord/events/1'],
  ['GET', '/discord/stats'],
  ['POST', '/discord/cleanup'],
] as const;
const publishing = [
  ['POST', '/discord/events'],
  ['POST', '/webhook/megacmd'],
] as const;

describe('the keys of the event queue dialect', { timeout: 60_000 }, () => {
  let app: TestApp;
  let queue: EventQueueClient;
  beforeAll(async () => {
    app = await startTestApp();
    queue = new EventQueueClient(app.url);
  });
  afterAll(() => app.close());

  const as = async (
    method: string,
    path: string,
    authorization: string | undefined,
    more: Record<string, string> = {},
  ) => queue.ask(method, path, { key: null, headers: { ...(authorization && { authorization }), ...more } });

  it.each([...consuming, ...publishing])(
    '%s %s is closed without a key, or with one of another scope',
    async (method, path) => {
      const closed = await as(method, path, undefined);
      expect(closed).toMatchObject({ status: 401, body: anError });
      // Nobody is asked for Basic: a browser would keep it.
      expect(closed.headers.get('www-authenticate')).toBe('Bearer');
      const others = Object.entries(testKeys).filter(
        ([scope]) =>
          scope !== 'admin' &&
          scope !==
            (path.startsWith('/webhook') || (path === '/discord/events' && method === 'POST') ? 'publish' : 'consume'),
      );
      for (const [, key] of others) {
        expect(await as(method, path, `Bearer ${key}`)).toMatchObject({ status: 403, body: anError });
        expect(await as(method, path, basic(key))).toMatchObject({ status: 403, body: anError });
      }
    },
  );

  it.each(consuming)('%s %s is open to a consumer, by Bearer or by Basic', async (method, path) => {
    for (const authorization of [`Bearer ${testKeys.consume}`, basic(testKeys.consume), basic(testKeys.admin, '')]) {
      expect([200, 404]).toContain((await as(method, path, authorization)).status);
    }
  });

  it.each(publishing)('%s %s is open to a publisher, by Bearer or by Basic', async (method, path) => {
    // The body is missing: the door was passed.
    for (const authorization of [`Bearer ${testKeys.publish}`, basic(testKeys.publish)]) {
      expect((await as(method, path, authorization)).status).toBe(400);
    }
  });

  it('takes Basic from no page in a browser, and Bearer from all', async () => {
    const origin = 'https://evil.example';
    expect(await as('GET', '/discord/stats', basic(testKeys.consume), { origin })).toMatchObject({ status: 401 });
    expect(await as('GET', '/discord/stats', basic(testKeys.consume), { origin: 'null' })).toMatchObject({
      status: 401,
    });
    expect(await as('GET', '/discord/stats', `Bearer ${testKeys.consume}`, { origin })).toMatchObject({ status: 200 });
  });

  it('takes Basic nowhere else', async () => {
    for (const [method, path, scope] of [
      ['POST', '/api/v1/notifications', 'publish'],
      ['POST', '/api/v1/notifications/claim', 'consume'],
      ['GET', '/metrics', 'metrics'],
      ['POST', '/api/v1/admin/broadcast', 'admin'],
    ] as const) {
      expect((await as(method, path, basic(testKeys[scope]))).status).toBe(401);
    }
  });

  it.each(['Basic', 'Basic !!!', basic(''), `Basic ${Buffer.from('no colon').toString('base64')}`, basic('späce d')])(
    'reads no key out of %j',
    async (authorization) => {
      expect(await as('GET', '/discord/stats', authorization)).toMatchObject({ status: 401, body: anError });
      expect((await as('GET', '/discord/health', authorization)).status).toBe(200);
    },
  );

  it('takes a key that holds a colon', async () => {
    const own = await startTestApp({ API_KEYS: 'consume=a:long:enough:key' });
    try {
      const { status } = await new EventQueueClient(own.url).get('/discord/stats', {
        key: null,
        headers: { authorization: basic('a:long:enough:key') },
      });
      expect(status).toBe(200);
    } finally {
      await own.close();
    }
  });

  it('tells everybody how it is', async () => {
    const { status, body } = await queue.get('/discord/health', { key: null });
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      status: 'healthy',
      queue_available: true,
      config_valid: true,
      timestamp: expect.stringMatching(/Z$/) as string,
    });
  });

  it('bounds how often an address may guess, by Basic too', async () => {
    const own = await startTestApp();
    try {
      const guesser = new EventQueueClient(own.url);
      const guess = () =>
        guesser.get('/discord/events', { key: null, headers: { authorization: basic('not-a-key-of-this-house') } });
      const statuses: number[] = [];
      for (let i = 0; i < 15; i += 1) statuses.push((await guess()).status);
      expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
      expect(statuses.slice(10)).toEqual(Array(5).fill(429));
      const refused = await guess();
      expect(refused.body).toEqual(anError);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      // The right one among the guesses must not be told from the others.
      expect((await guesser.get('/discord/events', { key: testKeys.consume })).status).toBe(429);
    } finally {
      await own.close();
    }
  });
});

describe('the health of the queue', { timeout: 60_000 }, () => {
  it('says that nobody delivers where nobody does', async () => {
    const app = await startTestApp({ QUEUE_DELIVERY: 'push' });
    try {
      const queue = new EventQueueClient(app.url);
      expect((await queue.get('/discord/health', { key: null })).body).toMatchObject({
        status: 'healthy',
        config_valid: false,
      });
      expect((await queue.get('/discord/stats')).body).toMatchObject({ config: { is_valid: false } });
      const id = await queue.publish();
      expect(await queue.ids()).toEqual([]);
      expect((await queue.get(`/discord/events/${id}`)).body).toMatchObject({ event: { delivery: 'push' } });
    } finally {
      await app.close();
    }
  });
});

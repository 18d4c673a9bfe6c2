import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

describe('publishing', () => {
  let discord: FakeDiscord;
  let running: TestApp;
  let channelId: string;
  beforeAll(async () => {
    discord = await FakeDiscord.start();
    channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'general' }).id;
    running = await startTestApp({
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DATA_PROVIDERS: 'mock',
      QUEUE_POLL_SECONDS: '1',
    });
    await request(server())
      .put('/api/v1/admin/routes/english')
      .set('Authorization', `Bearer ${testKeys.admin}`)
      .send({ target: { channelId }, locale: 'en', priority: 'high' })
      .expect(201);
  }, 90_000);
  afterAll(async () => {
    await running.close();
    await discord.stop();
  });

  const server = () => running.app.getHttpServer();
  const post = (path: string, body: object) =>
    request(server()).post(`/api/v1${path}`).set('Authorization', `Bearer ${testKeys.publish}`).send(body);

  const get = (id: string) =>
    request(server()).get(`/api/v1/notifications/${id}`).set('Authorization', `Bearer ${testKeys.admin}`);

  async function embedOf(id: string): Promise<Record<string, unknown>> {
    await vi.waitFor(
      async () => {
        expect((await get(id)).body).toMatchObject({ state: 'delivered' });
      },
      { timeout: 15_000 },
    );
    return discord.sent.at(-1)!.embeds[0] as Record<string, unknown>;
  }

  it.each([
    '0000-01-01T00:00:00Z',
    '0000-12-31T23:59:59Z',
    '2026-01-31T18:00:00+23:59',
    '2026-01-31T18:00:00-15:59',
    '9999-12-31T23:59:59-23:59',
    `2026-01-31T18:00:00.${'1'.repeat(200)}Z`,
    '2026-01-31T18:00Z',
  ])('takes the time %s or says what is wrong with it', async (time) => {
    const one = { target: { channelId }, type: 'note', payload: { title: 'x' } };
    for (const field of ['notBefore', 'expiresAt']) {
      const answer = await post('/notifications', { ...one, [field]: time });
      expect([202, 400]).toContain(answer.status);
      if (answer.status === 400) expect(answer.body).toMatchObject({ errors: [{ path: field }] });
    }
  });

  it('waits until a time, in whatever zone it is written', async () => {
    const one = {
      target: { channelId },
      type: 'note',
      payload: { title: 'x' },
      notBefore: '2126-01-31T18:00:00+23:59',
    };
    const { id } = (await post('/notifications', one).expect(202)).body as { id: string };
    const answer = await get(id);
    expect(answer.body).toMatchObject({ state: 'pending', nextAttemptAt: '2126-01-30T18:01:00.000Z' });
  });

  it('takes payloads of one depth, with a key and without, and shows them', async () => {
    const nested = (levels: number) => JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels)) as object;
    const one = (levels: number) => ({ target: { channelId }, type: 'note', payload: nested(levels) });
    for (const [levels, expected] of [
      [33, [202, 202, 200]],
      [34, [400, 400, 400]],
    ] as const) {
      const answers = [
        await post('/notifications', one(levels)),
        await post('/notifications', one(levels)).set('Idempotency-Key', `deep ${levels}`),
        await post('/notifications/preview', one(levels)),
      ];
      expect(answers.map(({ status }) => status)).toEqual(expected);
    }
  });

  it('shows fields in the order in which they are delivered', async () => {
    const one = {
      target: { channelId },
      type: 'a.type.of.nobody',
      payload: { apple: '1', b: '2', éé: '3', zzz: '4', é: '5', zz: '6' },
    };
    const { message } = (await post('/notifications/preview', one).expect(200)).body as {
      message: { embeds: { fields: unknown[] }[] };
    };
    const { id } = (await post('/notifications', one).expect(202)).body as { id: string };
    expect(message.embeds[0]!.fields).toEqual((await embedOf(id)).fields);
  });

  it('shows what a route decides', async () => {
    const one = { route: 'english', type: 'backup_error', payload: { error_message: 'x' } };
    const { message } = (await post('/notifications/preview', one).expect(200)).body as {
      message: { embeds: { title: string }[] };
    };
    const { id } = (await post('/notifications', one).expect(202)).body as { id: string };
    expect([message.embeds[0]!.title, (await embedOf(id)).title]).toEqual(['❌ Backup Error', '❌ Backup Error']);
  });

  it('shows nothing by a route that is not there', async () => {
    const one = { route: 'nobody', type: 'note', payload: { title: 'x' } };
    const answers = [await post('/notifications', one), await post('/notifications/preview', one)];
    for (const { status, body } of answers)
      expect([status, body as object]).toMatchObject([400, { errors: [{ path: 'route' }] }]);
  });

  it('shows whatever may be published', async () => {
    const one = { target: { channelId }, type: 'note', payload: { title: 'x', message: 'y'.repeat(60_000) } };
    await post('/notifications', one).expect(202);
    await post('/notifications/preview', one).expect(200);
  });
});

describe('the cost of publishing', () => {
  let running: TestApp;
  const perMinute = 20;
  beforeAll(async () => {
    running = await startTestApp({ DATA_PROVIDERS: 'mock', RATE_LIMIT_PUBLISH_PER_MINUTE: String(perMinute) });
  }, 90_000);
  afterAll(() => running.close());

  const one = { target: { userId: '100000000000000001' }, type: 'note', payload: { title: 'x' } };
  const post = (count: number, key: string, change: object = {}) => {
    const batch = Array.from({ length: count }, () => ({ ...one, ...change }));
    return request(running.app.getHttpServer())
      .post('/api/v1/notifications')
      .set('Authorization', `Bearer ${key}`)
      .send(batch);
  };

  it('is that of each of a batch, and what is refused leaves room for less', async () => {
    const first = await post(15, testKeys.publish).expect(202);
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '20', 'ratelimit-remaining': '5' });
    const refused = await post(10, testKeys.publish).expect(429);
    expect(refused.body).toMatchObject({
      code: 'rate.limited',
      detail: 'This costs 10 of 20 per minute, and there are 5 left. Wait, or send fewer.',
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers['ratelimit-remaining']).toBe('4');
    const smaller = await post(4, testKeys.publish).expect(202);
    expect(smaller.headers['ratelimit-remaining']).toBe('0');
    await post(1, testKeys.publish).expect(429);
    const rows = await request(running.app.getHttpServer()).get('/discord/stats').auth('any', testKeys.consume);
    expect(rows.body).toMatchObject({ stats: { total: 19 } });
  });

  it('is a whole minute for a batch that holds more than one', async () => {
    const all = await post(100, testKeys.admin).expect(202);
    expect((all.body as { notifications: unknown[] }).notifications).toHaveLength(100);
    expect(all.headers['ratelimit-remaining']).toBe('0');
    await post(1, testKeys.admin).expect(429);
  });
});

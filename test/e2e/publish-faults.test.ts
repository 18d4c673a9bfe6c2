import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { alertmanagerBody } from '../support/hook-bodies.js';
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

  async function embedOf(id: string): Promise<Record<string, unknown>> {
    await vi.waitFor(
      async () => {
        const answer = await request(server())
          .get(`/api/v1/notifications/${id}`)
          .set('Authorization', `Bearer ${testKeys.admin}`);
        expect((answer.body as { state: string }).state).toBe('delivered');
      },
      { timeout: 15_000 },
    );
    return discord.sent.at(-1)!.embeds![0] as Record<string, unknown>;
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
      expect({ status: answer.status, body: answer.body }).toMatchObject({ status: expect.toBeOneOf([202, 400]) });
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
    expect(message.embeds[0]!.title).toEqual((await embedOf(id)).title);
  });

  it('shows whatever may be published', async () => {
    const one = { target: { channelId }, type: 'note', payload: { title: 'x', message: 'y'.repeat(60_000) } };
    await post('/notifications', one).expect(202);
    await post('/notifications/preview', one).expect(200);
  });

  it('tells alerts with long words', async () => {
    const alert = (n: number) => ({
      status: 'firing',
      labels: { alertname: `a${n}` },
      annotations: { description: `${n} ${'y'.repeat(20_000)}` },
    });
    const body = { ...alertmanagerBody, alerts: Array.from({ length: 10 }, (_, n) => alert(n)) };
    await post('/hooks/english/alertmanager', body).expect(202);
  });

  it('tells in a message of its own what fires again', async () => {
    const tell = async (status: string) => {
      const body = { ...alertmanagerBody, status, groupKey: 'again' };
      const answer = await post('/hooks/english/alertmanager', body).expect(202);
      await embedOf((answer.body as { id: string }).id);
    };
    const before = discord.sent.length;
    await tell('firing');
    await tell('resolved');
    await tell('firing');
    expect(discord.sent.length - before).toBeGreaterThanOrEqual(2);
  }, 30_000);
});

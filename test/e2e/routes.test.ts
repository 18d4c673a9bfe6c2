import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const address = '/api/v1/admin/routes';
const githubSecret = 'canary-secret-of-github';

describe('routes over REST', () => {
  let discord: FakeDiscord;
  let running: TestApp;
  let channelId: string;
  let webhook: { id: string; token: string; url: string };
  beforeAll(async () => {
    discord = await FakeDiscord.start();
    channelId = discord.addGuild({ name: 'Town' }).addChannel({ name: 'general' }).id;
    const added = discord.webhooks.add(channelId, 'Herald');
    webhook = { ...added, url: `${discord.apiUrl}/webhooks/${added.id}/${added.token}` };
    running = await startTestApp({
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      DATA_PROVIDERS: 'mock',
      QUEUE_POLL_SECONDS: '1',
    });
  }, 60_000);
  afterAll(async () => {
    await running.close();
    await discord.stop();
  });

  const server = () => running.app.getHttpServer();
  const call = (method: 'get' | 'put' | 'post' | 'delete', path: string, key: string = testKeys.admin) =>
    request(server())[method](`${address}${path}`).set('Authorization', `Bearer ${key}`);
  const publish = (body: object) =>
    request(server()).post('/api/v1/notifications').set('Authorization', `Bearer ${testKeys.publish}`).send(body);
  const status = async (id: string) =>
    (
      await request(server())
        .get(`/api/v1/notifications/${id}`)
        .set('Authorization', `Bearer ${testKeys.publish}`)
        .expect(200)
    ).body as Record<string, unknown>;
  const sent = (text: string) => discord.sent.filter((message) => JSON.stringify(message).includes(text));

  it('are created, read, replaced and forgotten, without a secret in any answer', async () => {
    const created = await call('put', '/alpha')
      .send({ target: { webhookUrl: webhook.url }, fallback: { webhookUrl: webhook.url }, description: 'All of it' })
      .expect(201);
    await call('put', '/alpha/hooks/github').send({ secret: githubSecret }).expect(204);
    const read = await call('get', '/alpha').expect(200);
    expect(created.body).toMatchObject({ name: 'alpha', target: { webhookId: webhook.id }, hooks: [], paused: false });
    expect(read.body).toMatchObject({
      description: 'All of it',
      fallback: { webhookId: webhook.id },
      hooks: ['github'],
    });
    expect(read.headers['cache-control']).toContain('no-store');
    const replaced = await call('put', '/alpha')
      .send({ target: { channelId }, guildId: '900000000000000009' })
      .expect(400);
    expect(replaced.body).toMatchObject({ errors: [{ path: 'guildId' }] });
    const again = await call('put', '/alpha')
      .send({ target: { channelId }, priority: 'high', locale: 'en', delivery: 'push' })
      .expect(200);
    expect(again.body).toMatchObject({ target: { channelId }, fallback: null, hooks: ['github'], description: '' });
    const list = await call('get', '').expect(200);
    for (const answer of [created, read, again, list]) {
      expect(answer.text).not.toContain(webhook.token);
      expect(answer.text).not.toContain(githubSecret);
    }
    await call('delete', '/alpha/hooks/github').expect(204);
    expect((await call('get', '/alpha')).body).toMatchObject({ hooks: [] });
    await call('delete', '/alpha').expect(204);
    await call('get', '/alpha').expect(404);
    await call('delete', '/alpha').expect(404);
  });

  it.each([
    ['get', ''],
    ['get', '/alpha'],
    ['put', '/alpha'],
    ['delete', '/alpha'],
    ['post', '/alpha/pause'],
    ['post', '/alpha/resume'],
    ['put', '/alpha/hooks/github'],
    ['delete', '/alpha/hooks/github'],
  ] as const)('are closed to others: %s %s', async (method, path) => {
    await call(method, path, testKeys.publish).expect(403);
    await request(server())[method](`${address}${path}`).expect(401);
  });

  it.each<[string, string, object]>([
    ['a name in capitals', '/Ops', { target: { userId: '100000000000000001' } }],
    ['a name that begins with a point', '/.ops', { target: { userId: '100000000000000001' } }],
    ['a name that is too long', `/${'a'.repeat(65)}`, { target: { userId: '100000000000000001' } }],
    ['no target', '/ops', {}],
    ['two targets', '/ops', { target: { userId: '100000000000000001', channelId: '100000000000000001' } }],
    ['a webhook elsewhere', '/ops', { target: { webhookUrl: 'https://evil.example/api/webhooks/1/x' } }],
    ['a priority that is none', '/ops', { target: { userId: '100000000000000001' }, priority: 5 }],
    ['a description with a NUL', '/ops', { target: { userId: '100000000000000001' }, description: 'a\u0000' }],
    ['a guild that is not here', '/ops', { target: { userId: '100000000000000001' }, guildId: '900000000000000009' }],
    ['more than it may', '/ops', { target: { userId: '100000000000000001' }, paused: true }],
  ])('refuse %s', async (_name, path, body) => {
    const answer = await call('put', path).send(body).expect(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
  });

  it('name the fallback where that is at fault, and never the address of a webhook', async () => {
    const url = 'https://evil.example/api/webhooks/123456789012345678/canary-token';
    const answer = await call('put', '/ops')
      .send({ target: { channelId }, fallback: { webhookUrl: url } })
      .expect(400);
    expect(answer.body).toMatchObject({ errors: [{ path: 'fallback.webhookUrl' }] });
    expect(answer.text).not.toContain('canary-token');
  });

  it('refuse secrets that are too short, for senders that sign nothing, and of kinds that are not there', async () => {
    await call('put', '/keeper').send({ target: { channelId } }).expect(201);
    await call('put', '/keeper/hooks/github').send({ secret: 'short' }).expect(400);
    await call('put', '/keeper/hooks/github').send({}).expect(400);
    const unsigned = await call('put', '/keeper/hooks/alertmanager').send({ secret: githubSecret }).expect(400);
    expect(unsigned.text).not.toContain(githubSecret);
    const unknown = await call('put', '/keeper/hooks/gitlab').send({ secret: githubSecret }).expect(404);
    expect((unknown.body as { detail: string }).detail).toContain('github, grafana, uptime-kuma, alertmanager');
    await call('put', '/nobody/hooks/github').send({ secret: githubSecret }).expect(404);
    await call('delete', '/nobody/hooks/github').expect(404);
    await call('post', '/nobody/pause').expect(404);
    await call('post', '/%00/resume').expect(404);
    expect((await call('get', '/keeper')).body).toMatchObject({ hooks: [] });
  });

  it('hold what is published while they are paused, and let it go when they are resumed', async () => {
    await call('put', '/town').send({ target: { channelId }, priority: 'high' }).expect(201);
    const paused = (await call('post', '/town/pause').expect(200)).body as { pausedAt: string };
    expect(paused).toMatchObject({ paused: true, pausedAt: expect.stringMatching(/Z$/) as string });
    expect((await call('post', '/town/pause').expect(200)).body).toMatchObject({ pausedAt: paused.pausedAt });
    const accepted = await publish({ route: 'town', type: 'note', payload: { message: 'held back' } }).expect(202);
    const { id } = accepted.body as { id: string };
    expect(await status(id)).toMatchObject({ state: 'pending', heldBy: 'paused', route: 'town', priority: 'high' });
    // Another one that is not held goes out behind it, so the worker has looked.
    const direct = (await publish({ target: { channelId }, type: 'note', payload: { message: 'not held' } })).body as {
      id: string;
    };
    await vi.waitFor(async () => expect(await status(direct.id)).toMatchObject({ state: 'delivered' }), {
      timeout: 15_000,
    });
    expect(sent('held back')).toHaveLength(0);
    await call('delete', '/town').expect(409);
    expect((await call('post', '/town/resume').expect(200)).body).toMatchObject({ paused: false, pausedAt: null });
    await vi.waitFor(async () => expect(await status(id)).toMatchObject({ state: 'delivered', heldBy: null }), {
      timeout: 15_000,
    });
    expect(sent('held back')).toMatchObject([{ channelId }]);
    await call('delete', '/town').expect(204);
  }, 40_000);

  it('lead into a webhook whose address the publisher never sees', async () => {
    await call('put', '/herald')
      .send({ target: { webhookUrl: webhook.url } })
      .expect(201);
    const accepted = await publish({ route: 'herald', type: 'note', payload: { message: 'by the herald' } }).expect(
      202,
    );
    const { id } = accepted.body as { id: string };
    await vi.waitFor(async () => expect(await status(id)).toMatchObject({ state: 'delivered' }), { timeout: 15_000 });
    expect(sent('by the herald')).toMatchObject([{ webhookId: webhook.id }]);
    expect(JSON.stringify(await status(id))).not.toContain(webhook.token);
  }, 30_000);

  it('are refused by publishing where they are not there, or stand beside a target', async () => {
    const unknown = await publish({ route: 'nobody', type: 'note', payload: {} }).expect(400);
    expect(unknown.body).toMatchObject({ errors: [{ path: 'route' }] });
    const both = await publish({ route: 'herald', target: { channelId }, type: 'note', payload: {} }).expect(400);
    expect(both.body).toMatchObject({ errors: [{ path: 'route' }] });
    await publish({ type: 'note', payload: {} }).expect(400);
  });
});

import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DataProvider } from '../../src/providers/data-provider.js';
import { MockProvider } from '../../src/providers/mock.provider.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const docs = '482241773318701056';
const dworld = '232769614004748288';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const post = (path: string, key: string | undefined = testKeys.admin) => {
  const asking = request(app.app.getHttpServer()).post(`/api/v1/admin/${path}`);
  return key === '' ? asking : asking.set('Authorization', `Bearer ${key}`);
};

describe('announcements', () => {
  it('reach everybody in the room they are for, and nobody else', async () => {
    const inside = await SocketIoClient.open(app.url);
    await inside.ask('join', { guildId: docs });
    const zone = await WebSocketClient.open(app.url);
    zone.connect({ server: 'docs' });
    await zone.nextOf('server-join');
    const elsewhere = await SocketIoClient.open(app.url);
    await elsewhere.ask('join', { guildId: dworld });
    const data = { text: 'Back at nine', level: 2, ['__proto__x']: null };
    const answer = await post('broadcast').send({ guildId: 'docs', data }).expect(202);
    expect(answer.body).toEqual({ guilds: [docs] });
    await vi.waitFor(() => expect(inside.events).toMatchObject([{ type: 'announcement.created', data: { data } }]));
    expect(await zone.nextOf('announcement')).toMatchObject({ server: docs, data });
    await elsewhere.ask('guilds', {});
    expect(elsewhere.events).toEqual([]);

    const all = await post('broadcast').send({ data: {} }).expect(202);
    expect((all.body as { guilds: string[] }).guilds).toHaveLength(4);
    await vi.waitFor(() => expect([inside.events.length, elsewhere.events.length]).toEqual([2, 1]));
    inside.close();
    elsewhere.close();
    await zone.close();
  });

  it.each([
    ['no body', {}],
    ['a list', { data: [] }],
    ['a text', { data: 'hello' }],
    ['too much', { data: { text: 'x'.repeat(16_384) } }],
    ['more fields', { data: {}, to: 'all' }],
    ['one byte too much', { data: { text: 'x'.repeat(16_374) } }],
    ['too many bytes in few letters', { data: { text: 'é'.repeat(8_187) } }],
    ['no guild', { guildId: '', data: {} }],
    ['a guild of too many letters', { guildId: 'x'.repeat(129), data: {} }],
  ])('are refused with %s', async (_what, body) => {
    const answer = await post('broadcast').send(body).expect(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
  });

  it.each(['x'.repeat(16_373), 'é'.repeat(8_186)])('may be as long as they may: %#', async (text) => {
    const client = await SocketIoClient.open(app.url);
    await client.ask('join', { guildId: docs });
    await post('broadcast').send({ guildId: docs, data: { text } }).expect(202);
    await vi.waitFor(() => expect(client.events).toMatchObject([{ data: { data: { text } } }]));
    client.close();
  });

  it('need a guild that exists, and the key of an operator', async () => {
    await post('broadcast')
      .send({ guildId: 'x'.repeat(128), data: {} })
      .expect(404);
    for (const key of [testKeys.read, testKeys.consume, testKeys.metrics])
      await post('broadcast', key).send({ data: {} }).expect(403);
    await post('broadcast').send({ guildId: 'nobody', data: {} }).expect(404);
    await post('broadcast', testKeys.publish).send({ data: {} }).expect(403);
    await post('broadcast', '').send({ data: {} }).expect(401);
  });
});

describe('reading a guild again by hand', () => {
  it('sends what changed into the room', async () => {
    const client = await SocketIoClient.open(app.url);
    const { snapshot } = await client.ask('join', { guildId: docs });
    const source = app.app.get<DataProvider>(MockProvider, { strict: false });
    const former = await source.loadGuild(docs);
    const member = { ...snapshot!.members[0]!, displayName: 'Renamed' };
    const changed = vi.spyOn(source, 'loadGuild').mockResolvedValue({ ...former!, members: [member] });
    try {
      const answer = await post('guilds/docs/refresh').expect(200);
      expect(answer.body).toEqual({ guildId: docs, changes: 1 });
      await vi.waitFor(() => expect(client.events).toMatchObject([{ type: 'member.updated', data: { member } }]));
      expect((await post('guilds/docs/refresh').expect(200)).body).toEqual({ guildId: docs, changes: 0 });
    } finally {
      changed.mockRestore();
      client.close();
    }
  });

  it('needs a guild that exists, and the key of an operator', async () => {
    await post('guilds/nobody/refresh').expect(404);
    for (const key of [testKeys.read, testKeys.publish, testKeys.consume, testKeys.metrics])
      await post('guilds/docs/refresh', key).expect(403);
    await post('guilds/docs/refresh', '').expect(401);
  });

  it('says that the source does not answer, and keeps those inside', async () => {
    await post('guilds/docs/refresh').expect(200);
    const client = await SocketIoClient.open(app.url);
    await client.ask('join', { guildId: docs });
    const source = app.app.get<DataProvider>(MockProvider, { strict: false });
    const broken = vi.spyOn(source, 'loadGuild').mockRejectedValue(new Error('hidden-word'));
    try {
      const answer = await post('guilds/docs/refresh').expect(503).expect('Retry-After', '5');
      expect(answer.body).toMatchObject({ code: 'guild.unavailable' });
      expect(answer.text).not.toContain('hidden-word');
      await vi.waitFor(() => expect(client.events.map(({ type }) => type)).toEqual(['guild.unavailable']));
      broken.mockRestore();
      expect((await post('guilds/docs/refresh').expect(200)).body).toEqual({ guildId: docs, changes: 1 });
      await vi.waitFor(() => expect(client.events.at(-1)?.type).toBe('guild.updated'));
    } finally {
      broken.mockRestore();
      client.close();
    }
  });
});

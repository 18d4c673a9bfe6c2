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
  ])('are refused with %s', async (_what, body) => {
    const answer = await post('broadcast').send(body).expect(400);
    expect(answer.body).toMatchObject({ code: 'request.invalid' });
  });

  it('need a guild that exists, and the key of an operator', async () => {
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
    await post('guilds/docs/refresh', testKeys.read).expect(403);
  });
});

import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SocketIoClient } from '../support/socket-io-client.js';
import { askStore, bodyOf, type Method } from '../support/store-requests.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';

const docs = '482241773318701056';
const stored = '910000000000000001';
const member = { id: '100000000000000001', username: 'ada' };

let app: TestApp;
afterEach(() => app.close());

const ask = (method: Method, path: string) => askStore(app, method, path);

describe('the store', () => {
  it('keeps what is written where it is no source, says that nobody sees it, and disturbs no room', async () => {
    app = await startTestApp({ DATA_PROVIDERS: 'mock' });
    const client = await SocketIoClient.open(app.url);
    await client.ask('join', { guildId: docs });
    // The same id as a guild of another source.
    expect((await ask('post', '').send({ id: docs, name: 'Ours' }).expect(201)).body).toMatchObject({ shown: false });
    await ask('put', `/${docs}/members/${member.id}`).send({ username: 'ada' }).expect(201);
    expect((await ask('get', `/${docs}`).expect(200)).body).toMatchObject({ shown: false, memberCount: 1 });
    await ask('post', '').send({ id: stored, name: 'Town' }).expect(201);
    await request(app.app.getHttpServer()).get(`/api/v1/guilds/${stored}`).expect(404);
    await request(app.app.getHttpServer())
      .post('/api/v1/admin/broadcast')
      .set('Authorization', `Bearer ${testKeys.admin}`)
      .send({ guildId: docs, data: {} })
      .expect(202);
    await vi.waitFor(() => expect(client.events.map(({ type }) => type)).toEqual(['announcement.created']));
    client.close();
  });

  it('stores no guild that an earlier source shows, where it is a source itself', async () => {
    app = await startTestApp({ DATA_PROVIDERS: 'mock,store' });
    for (const asking of [ask('post', '').send({ id: docs, name: 'x' }), ask('put', `/${docs}`).send({ name: 'x' })]) {
      expect((await asking.expect(409)).body).toMatchObject({ code: 'request.conflict' });
    }
    expect((await ask('post', '').send({ id: stored, name: 'Town' }).expect(201)).body).toMatchObject({ shown: true });
    await ask('put', `/${stored}`).send({ name: 'Town' }).expect(200);
    const list = await request(app.app.getHttpServer()).get('/api/v1/guilds').expect(200);
    expect((list.body as { guilds: { id: string }[] }).guilds.map(({ id }) => id)).toContain(stored);
  });

  it('may be the source of single guilds alone', async () => {
    app = await startTestApp({ DATA_PROVIDERS: 'mock', GUILD_PROVIDERS: `${stored}=store,${docs}=mock` });
    expect((await ask('post', '').send({ id: stored, name: 'Town' }).expect(201)).body).toMatchObject({ shown: true });
    expect((await ask('post', '').send({ id: docs, name: 'Ours' }).expect(201)).body).toMatchObject({ shown: false });
    const answer = await request(app.app.getHttpServer()).get(`/api/v1/guilds/${stored}`).expect(200);
    expect(bodyOf(answer)).toMatchObject({ guild: { name: 'Town' }, source: 'store' });
  });
});

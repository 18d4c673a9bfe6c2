import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ApiKeys } from '../../src/access/api-keys.js';
import { type GuildSnapshot } from '../../src/domain/guild-snapshot.js';
import { type Member, referenceOf } from '../../src/domain/member.js';
import { memberOf } from '../support/events.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { askStore, bodyOf, fieldsOf, type Method } from '../support/store-requests.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const actor = `key:${new ApiKeys([{ scope: 'admin', key: testKeys.admin }]).find(testKeys.admin)!.id}`;
const ada = memberOf('100000000000000001', { joinedAt: '2026-01-01T00:00:00.000Z', roleIds: ['300000000000000001'] });
const bob = memberOf('100000000000000002', { status: 'offline' });

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ DATA_PROVIDERS: 'store' });
});
afterAll(() => app.close());

const ask = (method: Method, path: string) => askStore(app, method, path);

let guilds = 0;
/** A guild of the test's own. */
async function newGuild(fields: object = {}): Promise<string> {
  const id = String(910_000_000_000_000_000n + BigInt(++guilds));
  await ask('post', '')
    .send({ id, name: `Town ${guilds}`, ...fields })
    .expect(201);
  return id;
}

async function snapshotOf(id: string): Promise<GuildSnapshot> {
  return bodyOf<GuildSnapshot>(await request(app.app.getHttpServer()).get(`/api/v1/guilds/${id}`).expect(200));
}

describe('a stored guild', () => {
  it('is shown at once, as it was written', async () => {
    const id = await newGuild({ alias: 'Harbour', iconUrl: 'https://x.example/a.png' });
    const { guild, members, source, stale } = await snapshotOf('harbour');
    expect(guild).toMatchObject({ id, name: `Town ${guilds}`, alias: 'harbour', iconUrl: 'https://x.example/a.png' });
    expect({ members, source, stale }).toEqual({ members: [], source: 'store', stale: false });
    expect(bodyOf(await ask('get', `/${id}`).expect(200))).toEqual({
      id,
      name: `Town ${guilds}`,
      iconUrl: 'https://x.example/a.png',
      alias: 'harbour',
      default: false,
      door: 'open',
      memberCount: 0,
      shown: true,
    });
  });

  it('is found by whoever was answered, before its event was told', async () => {
    const append = app.log.append.bind(app.log);
    const held: (() => void)[] = [];
    const slow = vi
      .spyOn(app.log, 'append')
      .mockImplementation((event) => new Promise((resolve) => held.push(() => resolve(append(event)))));
    try {
      // Who asks now is answered from memory for a while.
      await request(app.app.getHttpServer()).get('/api/v1/guilds').expect(200);
      const id = await newGuild();
      expect((await snapshotOf(id)).guild.id).toBe(id);
      await ask('delete', `/${id}`).expect(204);
      await request(app.app.getHttpServer()).get(`/api/v1/guilds/${id}/members`).expect(404);
    } finally {
      slow.mockRestore();
      await vi.waitFor(() => expect(held.length).toBeGreaterThan(0));
      for (const goOn of held) goOn();
    }
  });

  it('tells its room every change, with what was before and who made it', async () => {
    const id = await newGuild();
    const name = `Town ${guilds}`;
    const client = await SocketIoClient.open(app.url);
    expect((await client.ask('join', { guildId: id })).snapshot?.members).toEqual([]);

    await ask('post', `/${id}/members`).send(ada).expect(201);
    expect((await ask('put', `/${id}/members/${bob.id}`).send(fieldsOf(bob)).expect(201)).headers.location).toBe(
      `/api/v1/admin/guilds/${id}/members/${bob.id}`,
    );
    await ask('put', `/${id}/members/${bob.id}`)
      .send({ ...fieldsOf(bob), displayName: 'Bobby' })
      .expect(200);
    await ask('patch', `/${id}/members/${ada.id}`).send({ status: 'dnd' }).expect(200);
    await ask('patch', `/${id}/members/${ada.id}`).send({ roleIds: [], status: 'idle' }).expect(200);
    await ask('patch', `/${id}/members/${ada.id}`).send({ roleIds: [] }).expect(200);
    await ask('patch', `/${id}`).send({ name: 'City' }).expect(200);
    await ask('delete', `/${id}/members/${bob.id}`).expect(204);

    await vi.waitFor(() => expect(client.events).toHaveLength(7));
    const bobby = { ...bob, displayName: 'Bobby' };
    const after: Member = { ...ada, status: 'idle', roleIds: [] };
    expect(client.events.map(({ type, guildId, data }) => ({ type, guildId, data }))).toEqual([
      { type: 'member.joined', guildId: id, data: { member: ada, actor } },
      { type: 'member.joined', guildId: id, data: { member: bob, actor } },
      {
        type: 'member.updated',
        guildId: id,
        data: { member: bobby, previous: { displayName: bob.displayName }, actor },
      },
      {
        type: 'presence.updated',
        guildId: id,
        data: { member: referenceOf(ada), status: 'dnd', previous: 'online', activities: [], actor },
      },
      {
        type: 'member.updated',
        guildId: id,
        data: { member: after, previous: { roleIds: ada.roleIds, status: 'dnd' }, actor },
      },
      {
        type: 'guild.updated',
        guildId: id,
        data: { guild: { name: 'City', iconUrl: null }, previous: { name }, actor },
      },
      { type: 'member.left', guildId: id, data: { member: referenceOf(bobby), actor } },
    ]);
    const { members, guild } = await snapshotOf(id);
    expect(members).toEqual([after]);
    expect(guild).toMatchObject({ name: 'City', memberCount: 1, onlineCount: 1 });
    expect(bodyOf(await ask('get', `/${id}/members`).expect(200))).toEqual({ members, nextCursor: null, total: 1 });
    client.close();
  });

  it('speaks to d-zone clients in frames without anything new', async () => {
    const id = await newGuild();
    const zone = await WebSocketClient.open(app.url);
    zone.connect({ server: id });
    await zone.nextOf('server-join');
    await ask('post', `/${id}/members`).send(ada).expect(201);
    const user = { uid: ada.id, username: ada.displayName, status: 'online', roleColor: ada.roleColor };
    expect(await zone.nextOf('member-join')).toEqual({ type: 'member-join', server: id, data: user });
    const cursor = expect.any(String) as string;
    expect(await zone.nextOf('presence')).toEqual({ type: 'presence', server: id, data: user, cursor });
    await zone.close();
  });

  it('ends its room when it is deleted, on every transport, and can be stored anew', async () => {
    const id = await newGuild();
    await ask('post', `/${id}/members`).send(ada).expect(201);
    const client = await SocketIoClient.open(app.url);
    await client.ask('join', { guildId: id });
    const stream = await fetch(`${app.url}/api/v1/guilds/${id}/events`, { headers: { accept: 'text/event-stream' } });
    await ask('delete', `/${id}`).expect(204);
    // The stream ends by itself.
    expect(await stream.text()).toContain('event: guild.removed');
    await vi.waitFor(() => expect(client.events).toMatchObject([{ type: 'guild.removed', data: { actor } }]));
    await request(app.app.getHttpServer()).get(`/api/v1/guilds/${id}`).expect(404);
    await ask('get', `/${id}`).expect(404);
    expect((await client.ask('join', { guildId: id })).error?.code).toBe('guild.not_found');

    expect(bodyOf(await ask('put', `/${id}`).send({ name: 'Anew' }).expect(201))).toMatchObject({ memberCount: 0 });
    const { snapshot } = await client.ask('join', { guildId: id });
    expect(snapshot).toMatchObject({ guild: { name: 'Anew' }, members: [] });
    client.close();
  });

  it('is made to show what is stored, where the room missed it, by a refresh', async () => {
    const id = await newGuild();
    await ask('post', `/${id}/members`).send(ada).expect(201);
    const client = await SocketIoClient.open(app.url);
    await client.ask('join', { guildId: id });
    await app.app.get(DataSource).query(`update stored_members set status = 'dnd' where guild_id = $1`, [id]);
    expect(bodyOf(await ask('post', `/${id}/refresh`).expect(200))).toEqual({ guildId: id, changes: 1 });
    await vi.waitFor(() => expect(client.events.at(-1)).toMatchObject({ type: 'presence.updated' }));
    expect((await snapshotOf(id)).members).toEqual([{ ...ada, status: 'dnd' }]);
    client.close();
  });

  it('with a door that was shut lets those out who are inside', async () => {
    const id = await newGuild();
    const client = await SocketIoClient.open(app.url);
    await client.ask('join', { guildId: id });
    await ask('patch', `/${id}`).send({ door: 'password' }).expect(200);
    await vi.waitFor(() => expect(client.events.map(({ type }) => type)).toContain('guild.removed'), {
      timeout: 10_000,
    });
    expect((await client.ask('join', { guildId: id })).error?.code).toBe('guild.guarded');
    client.close();
  });
});

describe('many members in one body', () => {
  it('are stored together, counted, and told one by one', async () => {
    const id = await newGuild();
    const client = await SocketIoClient.open(app.url);
    await client.ask('join', { guildId: id });
    const members = Array.from({ length: 1_000 }, (_, n) =>
      memberOf(String(100_000_000_000_000_000n + BigInt(n)), {
        avatarUrl: `https://x.example/${'a'.repeat(1_000)}.png`,
      }),
    );
    const put = async (list: Member[]) =>
      bodyOf(await ask('put', `/${id}/members`).send({ members: list }).expect(200));
    expect(await put(members)).toEqual({ joined: 1_000, updated: 0, unchanged: 0 });
    const changed = members.slice(2, 5).map((member): Member => ({ ...member, status: 'dnd' }));
    expect(await put([changed[0]!, ada, ...changed.slice(1), ...members.slice(5, 12)])).toEqual({
      joined: 0,
      updated: 4,
      unchanged: 7,
    });
    await vi.waitFor(() => expect(client.events).toHaveLength(1_004), { timeout: 15_000 });
    expect(client.events.slice(1_000).map(({ type }) => type)).toEqual([
      'presence.updated',
      'member.updated',
      'presence.updated',
      'presence.updated',
    ]);
    expect((await snapshotOf(id)).members).toHaveLength(1_000);

    const pages: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { members: Member[]; nextCursor: string | null; total: number } = bodyOf(
        await ask('get', `/${id}/members?limit=400${cursor === '' ? '' : `&cursor=${cursor}`}`).expect(200),
      );
      expect(page.total).toBe(1_000);
      pages.push(...page.members.map((member) => member.id));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual(members.map((member) => member.id));
    client.close();
  });

  it('get the usual values for what is left out', async () => {
    const id = await newGuild();
    const told = { id: ada.id, username: ' Ada ', roleColor: '#ABCDEF', joinedAt: '2026-01-31T12:00:00+02:00' };
    await ask('put', `/${id}/members`)
      .send({ members: [told] })
      .expect(200);
    expect(bodyOf(await ask('get', `/${id}/members/${ada.id}`).expect(200))).toEqual({
      ...memberOf(ada.id, { username: 'Ada', displayName: 'Ada', roleColor: '#abcdef', status: 'offline' }),
      joinedAt: '2026-01-31T10:00:00.000Z',
    });
  });

  it('may be larger than other bodies, within their own bound, and for those with the right key alone', async () => {
    const id = await newGuild();
    const url = `${app.url}/api/v1/admin/guilds/${id}/members`;
    const send = (body: RequestInit['body'], headers: Record<string, string> = {}) =>
      fetch(url, {
        method: 'PUT',
        headers: { authorization: `Bearer ${testKeys.admin}`, 'content-type': 'application/json', ...headers },
        body,
        duplex: 'half',
      });
    const code = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code];
    const blanks = (bytes: number) => `{"members":[]${' '.repeat(bytes)}}`;
    expect((await send(blanks(2_000_000))).status).toBe(200);
    expect(await code(await send(blanks(2_200_000)))).toEqual([413, 'request.too_large']);
    // Without saying how long it is.
    const chunks = new Blob([blanks(2_200_000)]).stream();
    expect(await code(await send(chunks))).toEqual([413, 'request.too_large']);
    expect(await code(await send('{"members":['))).toEqual([400, 'request.invalid']);
    expect(await code(await send(Buffer.from([0x7b, 0xff, 0x7d])))).toEqual([400, 'request.invalid']);
    expect(await code(await send('{}', { 'content-encoding': 'gzip' }))).toEqual([400, 'request.invalid']);
    expect(await code(await send('{}', { 'content-encoding': 'zstd' }))).toEqual([415, 'request.invalid']);
    const packed = gzipSync(Buffer.alloc(3_000_000, ' '));
    expect(await code(await send(packed, { 'content-encoding': 'gzip' }))).toEqual([413, 'request.too_large']);
    expect(await code(await send('members', { 'content-type': 'text/plain' }))).toEqual([400, 'request.invalid']);
    expect(await code(await send(blanks(200_000), { authorization: `Bearer ${testKeys.read}` }))).toEqual([
      403,
      'access.scope_missing',
    ]);
    await ask('put', `/${id}/members/${ada.id}`)
      .send({ username: 'x'.repeat(200_000) })
      .expect(413);
    expect((await send('{"members":[]}')).status).toBe(200);
  });
});

describe('the list of stored guilds', () => {
  it('comes in pages', async () => {
    await newGuild();
    await newGuild();
    const all = bodyOf<{ guilds: { id: string }[]; nextCursor: null }>(await ask('get', '?limit=1000').expect(200));
    expect(all.nextCursor).toBeNull();
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: { guilds: { id: string }[]; nextCursor: string | null } = bodyOf(
        await ask('get', `?limit=1${query}`),
      );
      ids.push(...page.guilds.map((guild) => guild.id));
      cursor = page.nextCursor;
    }
    expect(ids).toEqual(all.guilds.map((guild) => guild.id));
    expect(ids.length).toBeGreaterThan(2);
  });
});

describe('the description of the interface', () => {
  it('tells of every address, its parameters and its body', async () => {
    const answer = await request(app.app.getHttpServer()).get('/openapi.json').expect(200);
    const { paths } = bodyOf<{
      paths: Record<string, Record<string, { parameters: { name: string; in: string }[]; requestBody?: object }>>;
    }>(answer);
    const members = paths['/api/v1/admin/guilds/{guild}/members'];
    expect(Object.keys(members ?? {}).sort()).toEqual(['get', 'post', 'put']);
    expect(members?.put?.parameters).toMatchObject([{ name: 'guild', in: 'path' }]);
    expect(members?.put?.requestBody).toBeDefined();
    const one = paths['/api/v1/admin/guilds/{guild}/members/{member}'];
    expect(one?.patch?.parameters.map(({ name }) => name).sort()).toEqual(['guild', 'member']);
    expect(Object.keys(paths['/api/v1/admin/guilds/{guild}'] ?? {}).sort()).toEqual(['delete', 'get', 'patch', 'put']);
    expect(members?.get?.parameters.map(({ name }) => name).sort()).toEqual(['cursor', 'guild', 'limit']);
  });
});

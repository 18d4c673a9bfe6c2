import request from 'supertest';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { memberOf } from '../support/events.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { askStore, bodyOf, fieldsOf, type Method } from '../support/store-requests.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const role = '300000000000000001';
const ada = memberOf('100000000000000001', { displayName: 'Ada' });
const bob = memberOf('100000000000000002', { displayName: 'Bob', status: 'offline' });
const robot = memberOf('100000000000000003', { displayName: 'Robot', bot: true });
const eve = memberOf('100000000000000004', { displayName: 'Eve', roleIds: [role] });
const everybody = [ada, bob, robot, eve];
const deadline = { timeout: 20_000 };

let app: TestApp;
const ends: (() => unknown)[] = [];
beforeAll(async () => {
  app = await startTestApp({ DATA_PROVIDERS: 'store', DZONE_DELETE_SECONDS: '0' });
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});
afterAll(() => app.close());

const ask = (method: Method, path: string, key?: string) => askStore(app, method, path, key);
const list = (query = '') =>
  request(app.app.getHttpServer())
    .get(`/api/v1/admin/settings${query}`)
    .set('Authorization', `Bearer ${testKeys.admin}`);

let guilds = 0;
/** A guild of the test's own, with a socket.io and a d-zone client in its room. */
async function newRoom() {
  const id = String(920_000_000_000_000_000n + BigInt(++guilds));
  await ask('post', '')
    .send({ id, name: `Town ${guilds}` })
    .expect(201);
  const members = everybody.map((member) => ({ id: member.id, ...fieldsOf(member) }));
  await ask('put', `/${id}/members`).send({ members }).expect(200);
  await vi.waitFor(async () => expect(await shownIn(id)).toHaveLength(everybody.length), deadline);
  const plain = await SocketIoClient.open(app.url);
  const zone = await WebSocketClient.open(app.url);
  ends.push(
    () => plain.close(),
    () => zone.close(),
  );
  const { snapshot } = await plain.ask('join', { guildId: id });
  expect(snapshot?.members).toHaveLength(everybody.length);
  zone.connect({ server: id });
  const join = await zone.nextOf('server-join');
  expect(Object.keys(join.data.users as object)).toHaveLength(everybody.length);
  const heard = (): string[] =>
    plain.events.map(({ type, data }) => ('member' in data ? `${type} ${data.member.displayName}` : type));
  const drawn = (): string[] =>
    zone.frames
      .filter(({ type }) => type.startsWith('member-'))
      .map(({ type, data }) => `${type} ${String(data.username)}`);
  const patch = (body: object) => ask('patch', `/${id}/settings`).send(body);
  return { id, plain, zone, heard, drawn, patch };
}

async function shownIn(guild: string): Promise<string[]> {
  const answer = await request(app.app.getHttpServer()).get(`/api/v1/guilds/${guild}`).expect(200);
  return bodyOf<{ members: { displayName: string }[] }>(answer)
    .members.map(({ displayName }) => displayName)
    .sort();
}

describe('the settings of a guild', () => {
  const safe = {
    enabled: true,
    alias: null,
    isDefault: false,
    door: null,
    hideOffline: false,
    hideBots: false,
    ignoredUsers: [],
    ignoredRoles: [],
    messages: true,
    channels: null,
  };

  it('are safe as long as nothing was decided, and what was decided since', async () => {
    const { id, patch } = await newRoom();
    expect(bodyOf(await ask('get', `/${id}/settings`).expect(200))).toEqual({ guildId: id, ...safe, updatedAt: null });
    const answer = bodyOf(await patch({ hideBots: true, ignoredRoles: [role, role] }).expect(200));
    expect(answer).toMatchObject({ guildId: id, ...safe, hideBots: true, ignoredRoles: [role] });
    expect((answer as { updatedAt: string }).updatedAt).toMatch(/Z$/);
    expect(bodyOf(await ask('get', `/town-${guilds}/settings`).expect(200))).toEqual(answer);
    expect(bodyOf(await patch({}).expect(200))).toMatchObject({ hideBots: true });
  });

  it('are listed in pages, oldest id first', async () => {
    for (const id of ['930000000000000003', '93000000000000001', '930000000000000002']) {
      await ask('patch', `/${id}/settings`).send({ hideOffline: true }).expect(200);
    }
    const ids = (answer: { body: unknown }) =>
      bodyOf<{ settings: { guildId: string }[] }>(answer).settings.map(({ guildId }) => guildId);
    const all = ids(await list().expect(200));
    expect(all.filter((id) => id.startsWith('93'))).toEqual([
      '93000000000000001',
      '930000000000000002',
      '930000000000000003',
    ]);
    const first = await list('?limit=1').expect(200);
    expect(ids(first)).toEqual(all.slice(0, 1));
    const { nextCursor } = bodyOf<{ nextCursor: string }>(first);
    const rest = await list(`?cursor=${nextCursor}`).expect(200);
    expect(ids(rest)).toEqual(all.slice(1));
    expect(bodyOf(rest)).toMatchObject({ nextCursor: null });
  });

  it.each([
    ['a word for a switch', 'hideOffline', { hideOffline: 'yes' }],
    ['a name for an id', 'ignoredUsers.1', { ignoredUsers: ['100000000000000001', 'ada'] }],
    ['one for a list', 'ignoredRoles', { ignoredRoles: role }],
    ['a number for an id', 'channels.0', { channels: [7] }],
    ['nothing for a switch', 'messages', { messages: null }],
    ['an alias of two words', 'alias', { alias: 'two words' }],
    ['an unknown door', 'door', { door: 'window' }],
    ['an unknown setting', '', { colour: 'red' }],
    ['a list', '', []],
  ])('are not changed by %s, and the answer says where', async (_, place, body) => {
    const { patch, id } = await newRoom();
    const answer = await patch(body)
      .expect(400)
      .expect('Content-Type', /problem\+json/);
    expect(answer.body).toMatchObject({ code: 'request.invalid', errors: [{ path: place }] });
    expect(bodyOf(await ask('get', `/${id}/settings`))).toMatchObject({ updatedAt: null });
  });

  it('are refused to other keys, for unknown guilds, and for a name that is taken', async () => {
    const { id, patch } = await newRoom();
    for (const method of ['get', 'patch'] as const) {
      await ask(method, `/${id}/settings`, '').expect(401);
      await ask(method, `/${id}/settings`, testKeys.read).expect(403);
      await ask(method, '/nowhere/settings')
        .send(method === 'patch' ? {} : undefined)
        .expect(404);
    }
    await request(app.app.getHttpServer()).get('/api/v1/admin/settings').expect(401);
    await patch({ alias: 'the-taken-one' }).expect(200);
    const other = await newRoom();
    const answer = await other.patch({ alias: 'THE-TAKEN-ONE' }).expect(409);
    expect(answer.body).toMatchObject({ code: 'request.conflict' });
  });

  it('give the guild its name at once, and take the guild away and give it back', async () => {
    const { id, patch, plain } = await newRoom();
    await patch({ alias: 'Harbour' }).expect(200);
    expect(await shownIn('harbour')).toHaveLength(everybody.length);
    await patch({ enabled: false }).expect(200);
    // An answer may be served again for a second.
    await vi.waitFor(() => request(app.app.getHttpServer()).get(`/api/v1/guilds/${id}`).expect(404), deadline);
    await vi.waitFor(() => expect(plain.order).toContain('guild.removed'), deadline);
    await patch({ enabled: true }).expect(200);
    expect(await shownIn(id)).toHaveLength(everybody.length);
  });
});

describe('who is shown', () => {
  it.each([
    ['hideOffline', { hideOffline: true }, { hideOffline: false }, 'Bob'],
    ['hideBots', { hideBots: true }, { hideBots: false }, 'Robot'],
    ['ignoredUsers', { ignoredUsers: [ada.id] }, { ignoredUsers: [] }, 'Ada'],
    ['ignoredRoles', { ignoredRoles: [role] }, { ignoredRoles: [] }, 'Eve'],
  ])('changes in every room with %s, and back', async (_, hides, shows, name) => {
    const { id, heard, drawn, patch, zone } = await newRoom();
    await patch(hides).expect(200);
    await vi.waitFor(
      () => expect([heard(), drawn()]).toEqual([[`member.left ${name}`], [`member-leave ${name}`]]),
      deadline,
    );
    await vi.waitFor(() => expect(zone.frames.some(({ data }) => data.delete === true)).toBe(true), deadline);
    expect(await shownIn(id)).not.toContain(name);
    await patch(shows).expect(200);
    await vi.waitFor(
      () => expect([heard()[1], drawn()[1]]).toEqual([`member.joined ${name}`, `member-join ${name}`]),
      deadline,
    );
    expect(await shownIn(id)).toHaveLength(everybody.length);
  });

  it('follows members who come online, go, get roles and lose them', async () => {
    const { id, heard, drawn, patch, zone } = await newRoom();
    await patch({ hideOffline: true, ignoredRoles: [role] }).expect(200);
    await vi.waitFor(() => expect(heard()).toEqual(['member.left Bob', 'member.left Eve']), deadline);
    const change = (member: { id: string }, fields: object) =>
      ask('patch', `/${id}/members/${member.id}`).send(fields).expect(200);
    await change(bob, { status: 'idle' });
    await change(ada, { status: 'offline' });
    await change(eve, { displayName: 'Eve II' });
    await change(eve, { roleIds: [] });
    await change(robot, { roleIds: [role] });
    await change(robot, { status: 'dnd' });
    await change(ada, { status: 'online' });
    const expected = ['joined Bob', 'left Ada', 'joined Eve II', 'left Robot', 'joined Ada'];
    await vi.waitFor(() => expect(heard().slice(2)).toEqual(expected.map((words) => `member.${words}`)), deadline);
    const zoned = expected.map((words) => `member-${words.replace('joined', 'join').replace('left', 'leave')}`);
    await vi.waitFor(() => expect(drawn().slice(2)).toEqual(zoned), deadline);
    expect(await shownIn(id)).toEqual(['Ada', 'Bob', 'Eve II']);
    const late = await WebSocketClient.open(app.url);
    ends.push(() => late.close());
    late.connect({ server: id });
    const { data } = await late.nextOf('server-join');
    expect(Object.keys(data.users as object).sort()).toEqual([ada.id, bob.id, eve.id]);
    expect(zone.closed).toBeUndefined();
  });

  it('changes with the table, whoever writes it', async () => {
    const { id, heard } = await newRoom();
    const database = app.app.get(DataSource);
    await database.query(`insert into guild_settings (guild_id, hide_bots) values ($1, true)`, [id]);
    await vi.waitFor(() => expect(heard()).toEqual(['member.left Robot']), deadline);
    await database.query(`insert into hidden_members (guild_id, user_id) values (null, $1)`, [ada.id]);
    await vi.waitFor(() => expect(heard()).toContain('member.left Ada'), deadline);
    await database.query(`delete from hidden_members`);
  });
});

describe('a member who hides in one guild', () => {
  it('leaves that one alone, and what the store holds of them goes with them', async () => {
    const [here, there] = [await newRoom(), await newRoom()];
    await ask('put', `/${here.id}/hidden/${ada.id}`).expect(204);
    await vi.waitFor(() => expect(here.heard()).toEqual(['member.left Ada']), deadline);
    expect(await shownIn(here.id)).toEqual(['Bob', 'Eve', 'Robot']);
    expect(await shownIn(there.id)).toEqual(['Ada', 'Bob', 'Eve', 'Robot']);
    await ask('get', `/${here.id}/members/${ada.id}`).expect(404);
    expect(bodyOf(await ask('get', `/${here.id}`))).toMatchObject({ memberCount: 3 });
    expect(bodyOf(await ask('get', `/${there.id}`))).toMatchObject({ memberCount: 4 });

    const fields = fieldsOf(ada);
    const refused = await ask('put', `/${here.id}/members/${ada.id}`).send(fields).expect(409);
    expect(refused.body).toMatchObject({ code: 'request.conflict' });
    await ask('post', `/${here.id}/members`)
      .send({ id: ada.id, ...fields })
      .expect(409);
    const many = await ask('put', `/${here.id}/members`).send({
      members: [
        { id: ada.id, ...fields },
        { id: bob.id, ...fieldsOf(bob), displayName: 'Robert' },
      ],
    });
    expect(many.body).toEqual({ joined: 0, updated: 1, unchanged: 0, hidden: 1 });
    await vi.waitFor(() => expect(here.heard()).toEqual(['member.left Ada', 'member.updated Robert']), deadline);

    await ask('delete', `/${here.id}/hidden/${ada.id}`).expect(204);
    await ask('delete', `/${here.id}/hidden/${ada.id}`).expect(204);
    await ask('put', `/${here.id}/members/${ada.id}`).send(fields).expect(201);
    await vi.waitFor(() => expect(here.heard()).toContain('member.joined Ada'), deadline);
    expect(there.heard()).toEqual([]);
  });

  it.each([
    ['an id that is none', (id: string) => `/${id}/hidden/ada`, 400],
    ['a guild that nobody knows', () => `/nowhere/hidden/${ada.id}`, 404],
  ])('is refused for %s', async (_, path, status) => {
    const { id } = await newRoom();
    for (const method of ['put', 'delete'] as const) {
      const answer = await ask(method, path(id))
        .expect(status)
        .expect('Content-Type', /problem\+json/);
      expect(JSON.stringify(answer.body)).toContain(status === 400 ? 'userId' : 'guild.not_found');
      await ask(method, path(id), testKeys.publish).expect(403);
    }
  });
});

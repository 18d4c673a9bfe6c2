import { type ServerResponse } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { StartupError } from '../../../src/database/startup-error.js';
import { memberOf } from '../../support/events.js';
import { useHttpSource } from './http-fixture.js';
import { hallId, servers, serveTown, townId, users } from './source-parts.js';

const fixture = useHttpSource();
const usersOf = (id: string) => `/users/${id}`;

describe('the source http', () => {
  it('reads guilds and members by their ids, as d-zone servers tell them', async () => {
    serveTown(fixture.server);
    const source = fixture.provider();
    expect(await source.listGuilds()).toEqual([
      { id: townId, name: 'Town', iconUrl: null, suggested: { default: true } },
      { id: hallId, name: 'Hall', iconUrl: null, suggested: { default: false, door: 'password' } },
    ]);
    const snapshot = await chainOf([source], 5_000).load(townId);
    expect(snapshot).toMatchObject({ source: 'http', guild: { name: 'Town' }, partial: [] });
    expect(snapshot?.members).toMatchObject([
      { id: '310000000000000001', username: 'ada', displayName: 'ada', status: 'online', roleColor: '#ff6b6b' },
      { id: '310000000000000002', username: 'bob', status: 'offline' },
    ]);
  });

  it('takes nobody for an answer, and no answer for no guild', async () => {
    serveTown(fixture.server);
    const source = fixture.provider();
    expect((await source.loadGuild(hallId))?.members).toEqual({});
    expect(await source.loadGuild('300000000000000009')).toBeUndefined();
    fixture.server.on(usersOf(townId), (response) => response.writeHead(410).end());
    expect(await source.loadGuild(townId)).toBeUndefined();
  });

  it('asks nobody for what can be no guild', async () => {
    const source = fixture.provider();
    for (const id of ['', '..', '../../admin', '1?x=2', '__proto__', '12']) {
      expect(await source.loadGuild(id)).toBeUndefined();
    }
    expect(fixture.server.requests).toEqual([]);
  });

  it('does not show guilds that are switched off, and shuts a door that it does not understand', async () => {
    const off = '300000000000000003';
    fixture.server.json('/servers', [
      { id: townId, name: 'Town', door: 'drawbridge' },
      { id: hallId, name: 'Hall', passworded: 'sometimes' },
      { id: off, name: 'Off', enabled: false },
      { id: '300000000000000004', name: 'Open', passworded: 0, enabled: 1, default: 1 },
    ]);
    fixture.server.json(usersOf(off), users);
    const source = fixture.provider();
    expect((await source.listGuilds()).map(({ id, suggested }) => [id, suggested])).toEqual([
      [townId, { door: 'password' }],
      [hallId, { door: 'password' }],
      ['300000000000000004', { default: true }],
    ]);
    expect(await source.loadGuild(off)).toBeUndefined();
    fixture.server.json(usersOf(off), { guild: { id: off, name: 'Off', enabled: false }, members: [] });
    expect(await source.loadGuild(off)).toBeUndefined();
  });

  it('warns of ids whose last digits a number has lost', async () => {
    fixture.server.on('/servers', (response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`[{"id":300000000000000001,"name":"Town"},{"id":"${hallId}","name":"Hall"},7,null]`);
    });
    const source = fixture.provider();
    expect((await source.listGuilds()).map(({ id }) => id)).toEqual([hallId]);
    await source.listGuilds();
    expect(fixture.warnings).toEqual([expect.stringMatching(/^1 of the listed guilds have no usable id/)]);
  });

  it('finds everything where HTTP_SOURCE_FIELDS says', async () => {
    fixture.server.json('/teams', { page: { items: [{ key: townId, title: 'Town', flags: { first: true } }] } });
    fixture.server.json(`/teams/${townId}`, {
      team: { key: townId, title: 'Town', flags: { first: true } },
      data: {
        'all/people': [
          {
            user: { key: '310000000000000001', login: 'ada' },
            names: ['', 'Countess'],
            presence: 'DND',
            color: 0x5865f2,
          },
          { user: { key: '310000000000000002', login: 'bob' } },
          'nobody',
        ],
      },
    });
    const source = fixture.provider({
      HTTP_SOURCE_GUILDS_URL: `${fixture.server.url}/teams`,
      HTTP_SOURCE_GUILD_URL: `${fixture.server.url}/teams/{guildId}`,
      HTTP_SOURCE_FIELDS:
        'guilds=/page/items,guild=/team,guild.id=/key,guild.name=/title,guild.default=/flags/first,members=/data/all~1people,' +
        'id=/user/key,username=/user/login,displayName=/names/1,status=/presence,roleColor=/color',
    });
    const guild = { id: townId, name: 'Town', iconUrl: null, suggested: { default: true } };
    expect(await source.listGuilds()).toEqual([guild]);
    const snapshot = await chainOf([source], 5_000).load(townId);
    expect(snapshot?.guild).toEqual(guild);
    const ada = { username: 'ada', displayName: 'Countess', status: 'dnd' as const, roleColor: '#5865f2' };
    expect(snapshot?.members).toEqual([
      memberOf('310000000000000001', ada),
      memberOf('310000000000000002', { username: 'bob', displayName: 'bob', status: 'offline', roleColor: '#99aab5' }),
    ]);
    expect(fixture.warnings).toEqual([expect.stringMatching(/members without an id \(1\)/)]);
  });

  it('maps members by their ids, and reads parts that are the whole answer', async () => {
    fixture.server.json('/servers', servers);
    fixture.server.json(usersOf(townId), { ['310000000000000001']: { profile: { nick: 'ada' }, status: 'idle' } });
    const source = fixture.provider({ HTTP_SOURCE_FIELDS: 'members=,username=/profile/nick' });
    expect((await source.loadGuild(townId))?.members).toMatchObject([
      { id: '310000000000000001', username: 'ada', status: 'idle' },
    ]);
  });

  it('says that presences are missing instead of showing everybody as gone', async () => {
    serveTown(fixture.server);
    fixture.server.json(usersOf(townId), [{ id: '310000000000000001', username: 'ada' }]);
    expect((await fixture.provider().loadGuild(townId))?.partial).toEqual(['presence']);
    fixture.server.json(usersOf(townId), []);
    expect((await fixture.provider().loadGuild(townId))?.partial).toEqual([]);
    fixture.server.json(usersOf(townId), { members: users, partial: ['intent:presences', 5] });
    expect((await fixture.provider().loadGuild(townId))?.partial).toEqual(['intent:presences']);
  });

  it('sends its headers, and who it is', async () => {
    serveTown(fixture.server);
    await fixture.provider({ HTTP_SOURCE_HEADERS: 'Authorization: Bearer hidden-word | X-Tenant: blue' }).listGuilds();
    expect(fixture.server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer hidden-word',
      'x-tenant': 'blue',
      accept: 'application/json',
      'accept-encoding': 'gzip, deflate, br',
      'user-agent': expect.stringMatching(/^Guildcast\/\d/) as string,
    });
  });

  it('keeps its connections, and opens a bounded number of them', async () => {
    serveTown(fixture.server);
    const source = fixture.provider();
    for (let n = 0; n < 5; n += 1) await source.listGuilds();
    expect(fixture.server.connections).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 100 }, () => source.loadGuild(townId)));
    expect(fixture.server.requests.length).toBe(5 + 200);
    expect(fixture.server.connections).toBeLessThanOrEqual(8);
    await source.onApplicationShutdown();
    await vi.waitFor(() => expect(fixture.server.open).toBe(0));
  });

  it.each([
    ['etag', '"v1"', 'if-none-match'],
    ['last-modified', 'Thu, 01 Jan 2026 00:00:00 GMT', 'if-modified-since'],
  ])('asks whether anything changed by %s, and keeps the answer until then', async (header, value, question) => {
    let sent = 0;
    let [tag, list]: [string, object] = [value, servers];
    fixture.server.on('/servers', (response, request) => {
      if (request.headers[question] === tag) return response.writeHead(304, { [header]: tag }).end();
      sent += 1;
      response.writeHead(200, { 'content-type': 'application/json', [header]: tag }).end(JSON.stringify(list));
    });
    const source = fixture.provider();
    const first = await source.listGuilds();
    expect(await source.listGuilds()).toEqual(first);
    expect(await source.listGuilds()).toEqual(first);
    expect(sent).toBe(1);
    [tag, list] = [`${value}x`, [servers[hallId]]];
    expect((await source.listGuilds()).map(({ id }) => id)).toEqual([hallId]);
    expect((await source.listGuilds()).map(({ id }) => id)).toEqual([hallId]);
    expect(sent).toBe(2);
  });

  it('keeps answers up to its bound, the latest ones', async () => {
    const name = 'x'.repeat(600);
    const questions: (string | undefined)[] = [];
    const serve = (id: string) =>
      fixture.server.on(usersOf(id), (response, request) => {
        questions.push(request.headers['if-none-match']);
        response.writeHead(200, { 'content-type': 'application/json', etag: `"${id}"` });
        response.end(JSON.stringify({ guild: { id, name }, members: [] }));
      });
    serve(townId);
    serve(hallId);
    const source = fixture.provider({ HTTP_SOURCE_MAX_BYTES: '1024' });
    for (const id of [townId, townId, hallId, townId]) expect(await source.loadGuild(id)).toBeDefined();
    expect(questions).toEqual([undefined, `"${townId}"`, undefined, undefined]);
  });

  it.each([
    ['says that there is nothing any more', (response: ServerResponse) => response.writeHead(410).end()],
    [
      'answers without one',
      (response: ServerResponse) => response.writeHead(200, { 'content-type': 'application/json' }).end('[]'),
    ],
  ])('forgets its answer and its tag when the server %s', async (_what, answer) => {
    const tags: unknown[] = [];
    const ask = async (how: (response: ServerResponse) => unknown) => {
      fixture.server.on('/servers', (response, request) => {
        tags.push(request.headers['if-none-match']);
        how(response);
      });
      await source.listGuilds().catch(() => undefined);
    };
    const source = fixture.provider();
    const tagged = (response: ServerResponse) =>
      response.writeHead(200, { 'content-type': 'application/json', etag: '"v1"' }).end(JSON.stringify(servers));
    await ask(tagged);
    await ask(answer);
    await ask(answer);
    expect(tags).toEqual([undefined, '"v1"', undefined]);
  });

  it('takes the first of two guilds with one id, and no fault for a part that may be missing', async () => {
    fixture.server.json('/servers', [
      { id: townId, name: 'First' },
      { id: townId, name: 'Second' },
    ]);
    fixture.server.json(usersOf(townId), { members: users });
    const source = fixture.provider({ HTTP_SOURCE_FIELDS: 'partial=/meta/missing' });
    expect((await source.listGuilds()).map(({ name }) => name)).toEqual(['First']);
    expect(await source.loadGuild(townId)).toMatchObject({ guild: { name: 'First' }, partial: [] });
    fixture.server.json(usersOf(townId), { members: users, meta: { missing: ['roles'] } });
    expect((await source.loadGuild(townId))?.partial).toEqual(['roles']);
  });

  it('asks again after an outage whether what it has is still right', async () => {
    fixture.server.json('/servers', servers, { etag: '"v1"' });
    const source = fixture.provider();
    const first = await source.listGuilds();
    fixture.server.on('/servers', (response) => response.writeHead(500).end());
    await expect(source.listGuilds()).rejects.toThrow('500');
    fixture.server.on('/servers', (response, request) => {
      response.writeHead(request.headers['if-none-match'] === '"v1"' ? 304 : 500).end();
    });
    expect(await source.listGuilds()).toEqual(first);
  });

  it('follows redirects within the server', async () => {
    fixture.server.json('/lists/1', servers);
    fixture.server.on('/servers', (response) => response.writeHead(308, { location: '/lists' }).end());
    fixture.server.on('/lists', (response) => response.writeHead(302, { location: 'lists/1' }).end('moved'));
    const source = fixture.provider({ HTTP_SOURCE_HEADERS: 'Authorization: Bearer hidden-word' });
    expect(await source.listGuilds()).toHaveLength(2);
    expect(fixture.server.asked()).toEqual(['/servers', '/lists', '/lists/1']);
    expect(fixture.server.requests.at(-1)?.headers.authorization).toBe('Bearer hidden-word');
  });

  it.each(['HTTP_SOURCE_GUILDS_URL', 'HTTP_SOURCE_GUILD_URL'])('does not start without %s', (key) => {
    const start = () => fixture.provider({ [key]: undefined as unknown as string });
    expect(start).toThrow(StartupError);
    expect(start).toThrow(key);
  });
});

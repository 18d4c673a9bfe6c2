import { type ServerResponse } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { useHttpSource } from './http-fixture.js';
import { type Answer } from './http-server.js';
import { faultOf, hallId, serveTown, townId } from './source-parts.js';

const town = `/users/${townId}`;
const json = { 'content-type': 'application/json' };
const whole = (members: unknown) => ({ guild: { id: townId, name: 'Town' }, members });

/** Writes without end, as fast as it is read. */
function pour(response: ServerResponse, chunk: string | Buffer): void {
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

const fixture = useHttpSource();

describe('the source http and too much', () => {
  it.each<[string, Answer]>([
    [
      '50 MB that say so',
      (response) => {
        response.writeHead(200, { ...json, 'content-length': String(50 * 1024 * 1024) });
        pour(response, ' '.repeat(65_536));
      },
    ],
    [
      'a length, and nothing after it',
      (response) => response.writeHead(200, { ...json, 'content-length': '1000001' }).flushHeaders(),
    ],
    [
      'an endless answer',
      (response) => {
        response.writeHead(200, json);
        pour(response, ' '.repeat(65_536));
      },
    ],
    [
      'a bomb of gzip',
      (response) => {
        response
          .writeHead(200, { ...json, 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(8 * 1024 * 1024, ' ')));
      },
    ],
    [
      'a bomb of brotli',
      (response) => {
        response
          .writeHead(200, { ...json, 'content-encoding': 'br' })
          .end(brotliCompressSync(Buffer.alloc(4 * 1024 * 1024, ' ')));
      },
    ],
    [
      'an endless answer that is nothing when unpacked',
      (response) => {
        response.writeHead(200, { ...json, 'content-encoding': 'gzip' });
        pour(response, Buffer.concat(Array.from({ length: 1_000 }, () => gzipSync(''))));
      },
    ],
  ])('takes no more of it than its bound: %s', async (_name, answer) => {
    fixture.server.on(town, answer);
    const source = fixture.provider({ HTTP_SOURCE_MAX_BYTES: '1000000' });
    expect(await faultOf(source.loadGuild(townId))).toMatch(/is longer than 1000000 bytes/);
    await vi.waitFor(() => expect(fixture.server.requests[0]?.socket.destroyed).toBe(true));
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('reads an answer packed with %s that stays within the bound', async (coding, pack) => {
    const body = pack(JSON.stringify(whole([{ id: '310000000000000001', username: 'ada', bio: 'x'.repeat(900_000) }])));
    fixture.server.on(town, (response) => response.writeHead(200, { ...json, 'content-encoding': coding }).end(body));
    expect((await fixture.provider({ HTTP_SOURCE_MAX_BYTES: '1000000' }).loadGuild(townId))?.members).toHaveLength(1);
  });

  it('does not take one member more than 250 000', async () => {
    fixture.server.on(town, (response) => {
      response
        .writeHead(200, json)
        .end(`{"guild":{"id":"${townId}","name":"Town"},"members":[${'{},'.repeat(250_000)}{}]}`);
    });
    const chain = chainOf([fixture.provider()], 60_000);
    await expect(chain.load(townId)).rejects.toMatchObject({ code: 'guild.unavailable' });
    expect(fixture.warnings).toEqual(['data source http: the answer has more than 250000 members']);
  });
});

describe('the source http and answers of other shapes', () => {
  it.each([
    5,
    'text',
    null,
    true,
    { error: 'no' },
    { error: { code: 5 } },
    { members: 7 },
    { members: null },
    { members: 'all' },
  ])('does not take %j for members', async (answer) => {
    serveTown(fixture.server);
    fixture.server.json(town, answer);
    expect(await faultOf(fixture.provider().loadGuild(townId))).toMatch(
      /neither a list of members nor members by their ids/,
    );
  });

  it.each([5, null, 'text', { error: 'no' }, { guilds: 'all' }])('does not take %j for guilds', async (answer) => {
    fixture.server.json('/servers', answer);
    expect(await faultOf(fixture.provider().listGuilds())).toMatch(/no list of guilds/);
  });

  it('says which of its fields finds nothing', async () => {
    serveTown(fixture.server);
    const source = fixture.provider({ HTTP_SOURCE_FIELDS: 'guilds=/a,members=/data/users,guild=/b' });
    expect(await faultOf(source.listGuilds())).toMatch(/HTTP_SOURCE_FIELDS says for guilds/);
    expect(await faultOf(source.loadGuild(townId))).toMatch(/HTTP_SOURCE_FIELDS says for guild$/);
  });

  it('says when there is no list, and when an answer is about another guild', async () => {
    const source = fixture.provider();
    expect(await faultOf(source.listGuilds())).toMatch(/HTTP_SOURCE_GUILDS_URL/);
    fixture.server.json(town, { guild: { id: 7, name: 'Town' }, members: [] });
    expect(await faultOf(source.loadGuild(townId))).toMatch(/without a usable id/);
    fixture.server.json(town, { guild: { id: hallId, name: 'Hall' }, members: [] });
    await expect(chainOf([source], 5_000).load(townId)).rejects.toMatchObject({ code: 'guild.unavailable' });
    expect(fixture.warnings).toEqual([`data source http: the answer is about another guild than ${townId}`]);
  });

  it('mends members as the chain does: wrong types, twice, without an id, names of any length and script', async () => {
    const [ada, bob, eve] = ['310000000000000001', '310000000000000002', '310000000000000003'];
    const body = JSON.stringify(
      whole([
        { id: ada, username: 'x'.repeat(10_240), status: 'sleeping', roleColor: 5.5, bot: 'yes', roleIds: 'all' },
        { id: ada, username: 'again' },
        {
          id: bob,
          username: 'Zoë 日本 👩‍🚀',
          status: 'online',
          activities: [5, null, { type: 'x' }],
          joinedAt: 'long ago',
        },
        { id: eve, username: { first: 'eve' }, avatarUrl: 'javascript:alert(1)' },
        { username: 'nobody' },
        null,
        [],
      ]),
    ).replace('{"id":"310000000000000003"', '{"__proto__":{"admin":true},"constructor":5,"id":"310000000000000003"');
    fixture.server.on(town, (response) => response.writeHead(200, json).end(body));
    const snapshot = await chainOf([fixture.provider()], 5_000).load(townId);
    expect(snapshot?.members).toMatchObject([
      { id: ada, username: 'x'.repeat(100), status: 'offline', roleColor: '#99aab5', bot: false, roleIds: [] },
      { id: bob, username: 'Zoë 日本 👩‍🚀', status: 'online', activities: [], joinedAt: null },
      { id: eve, username: 'Unknown', avatarUrl: null },
    ]);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(fixture.warnings).toHaveLength(1);
    expect(fixture.warnings[0]).toMatch(/members told twice \(1\)/);
    expect(fixture.warnings[0]).toMatch(/members without an id \(3\)/);
  });

  it('leaves prototypes alone also where fields are mapped', async () => {
    serveTown(fixture.server);
    fixture.server.on(town, (response) => {
      response
        .writeHead(200, json)
        .end('{"__proto__":{"status":"online"},"310000000000000001":{"__proto__":{"admin":true},"nick":"ada"}}');
    });
    const source = fixture.provider({ HTTP_SOURCE_FIELDS: 'members=,username=/nick,displayName=/constructor/name' });
    const snapshot = await chainOf([source], 5_000).load(townId);
    expect(snapshot?.members).toMatchObject([{ id: '310000000000000001', username: 'ada', displayName: 'ada' }]);
    expect(({} as { admin?: boolean; status?: string }).admin).toBeUndefined();
  });
});

import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { readConfig } from '../../src/app.config.js';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { town } from '../integration/discord/discord-town.js';
import { type GuildcastProcess, spawnGuildcast, startGuildcast } from '../support/guildcast-process.js';
import { Recorder } from '../support/recorder.js';
import { createEmptyDatabase } from '../support/test-database.js';

const secrets = {
  DISCORD_TOKEN: 'MTIz.canary-token.uVwXyZ0123456789',
  'a password in DATABASE_URL': 'canary-database-S3cret',
  'a password in POSTGRES_SOURCE_URL': 'canary-source-S3cret',
  'a password in REDIS_URL': 'canary-redis-S3cret',
  'a header in HTTP_SOURCE_HEADERS': 'canary-header-S3cret',
  'a query in HTTP_SOURCE_GUILDS_URL': 'canary-query-S3cret',
  'the admin key': 'canary-admin-key-S3cret',
  'the publish key': 'canary-publish-key-S3cret',
  'the metrics key': 'canary-metrics-key-S3cret',
  'a key that was tried': 'canary-wrong-key-S3cret',
  'a password that was tried at a door': 'canary-door-S3cret',
  'the password of a guild': 'canary-guild-S3cret',
  'a token that a visitor showed': 'canary-visitor-S3cret',
  DISCORD_CLIENT_SECRET: 'canary-client-S3cret',
  'the token of a webhook': 'canary-webhook-S3cret-token-of-more-than-twenty-letters',
};
type Secret = keyof typeof secrets;

const role = `canary_${process.pid}_${Math.random().toString(36).slice(2)}`;

/** As the role of the test, with a password that is a secret. */
function withPassword(url: string, secret: Secret): string {
  const { hostname, port, pathname, search } = new URL(url);
  return `postgresql://${role}:${secrets[secret]}@${hostname}:${port}${pathname}${search}`;
}

async function asSuperuser(...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

let discord: FakeDiscord;
let place: ReturnType<typeof town>;
let upstream: Server;
let upstreamStatus = 500;
const databases: Awaited<ReturnType<typeof createEmptyDatabase>>[] = [];
let env: Record<string, string>;
let recorder: Recorder;

beforeAll(async () => {
  discord = await FakeDiscord.start({ token: secrets.DISCORD_TOKEN });
  place = town(discord);
  upstream = createServer((request, response) => {
    // A server may say anything, also what it was told.
    response.writeHead(upstreamStatus, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: `no entry for ${request.url} with ${request.headers.authorization}` }));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  databases.push(await createEmptyDatabase(), await createEmptyDatabase());
  await asSuperuser(
    `create role ${role} login password '${secrets['a password in DATABASE_URL']}'`,
    ...databases.map(({ url }) => `alter database ${new URL(url).pathname.slice(1)} owner to ${role}`),
  );
  env = {
    LOG_LEVEL: 'trace',
    DISCORD_TOKEN: secrets.DISCORD_TOKEN,
    DISCORD_API_URL: discord.apiUrl,
    GUILDS: '*',
    DATA_PROVIDERS: 'discord-gateway,postgres,http,mock',
    PROVIDER_CACHE_SECONDS: '1',
    PROVIDER_POLL_SECONDS: '1',
    DATABASE_URL: withPassword(databases[0]!.url, 'a password in DATABASE_URL'),
    POSTGRES_SOURCE_URL: withPassword(databases[1]!.url, 'a password in POSTGRES_SOURCE_URL'),
    REDIS_URL: `redis://:${secrets['a password in REDIS_URL']}@127.0.0.1:1`,
    HTTP_SOURCE_GUILDS_URL: `${address}/guilds?pass=${secrets['a query in HTTP_SOURCE_GUILDS_URL']}`,
    HTTP_SOURCE_GUILD_URL: `${address}/guilds/{guildId}?pass=${secrets['a query in HTTP_SOURCE_GUILDS_URL']}`,
    HTTP_SOURCE_HEADERS: `Authorization: Bearer ${secrets['a header in HTTP_SOURCE_HEADERS']}`,
    HTTP_SOURCE_ALLOW_PRIVATE: 'true',
    DISCORD_CLIENT_ID: discord.botUser.id,
    DISCORD_CLIENT_SECRET: secrets.DISCORD_CLIENT_SECRET,
    PUBLIC_URL: 'http://127.0.0.1',
    API_KEYS: [
      `admin=${secrets['the admin key']}`,
      `publish=${secrets['the publish key']}`,
      `metrics=${secrets['the metrics key']}`,
    ].join(','),
  };
});
afterAll(async () => {
  await discord.stop();
  upstream.close();
  for (const database of databases) await database.drop();
  await asSuperuser(`drop role ${role}`);
});
beforeEach(() => (recorder = new Recorder()));
afterEach(() => expect(recorder.leaks(secrets)).toEqual([]));

const bearer = (secret: Secret) => ({ authorization: `Bearer ${secrets[secret]}` });

const doorTry = { password: secrets['a password that was tried at a door'] };
const webhookUrl = `https://discord.com/api/webhooks/123456789012345678/${secrets['the token of a webhook']}`;
const shown = {
  'x-guild-password': secrets['a password that was tried at a door'],
  'x-discord-token': secrets['a token that a visitor showed'],
};
const joins = ['town', 'demo', 'docs', 'staff', 'nowhere'].map((server) => ({
  type: 'connect',
  data: { server, ...doorTry, discordToken: secrets['a token that a visitor showed'], discordUser: { id: '1' } },
}));

/** Every route with every kind of key, and bodies that fit nowhere. */
async function askEverywhere({ url }: GuildcastProcess): Promise<void> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const pages = ['/', '/docs', '/openapi.json', '/asyncapi.json', '/metrics', '/nowhere'];
  const routes = [
    ...pages.map((page) => ['get', page] as const),
    ...Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method, path] as const),
    ),
  ];
  for (const [method, route] of routes) {
    const path = route.replaceAll('{guild}', place.guild.id).replaceAll(/\{\w+\}/g, place.ada.id);
    const body = method === 'get' ? {} : { body: JSON.stringify(doorTry) };
    for (const headers of [
      {},
      { ...shown, ...bearer('a key that was tried') },
      bearer('the admin key'),
      bearer('the metrics key'),
    ]) {
      const init = {
        method: method.toUpperCase(),
        ...body,
        headers: { 'content-type': 'application/json', ...headers },
      };
      await recorder.ask(url, path, init, /stream|events/.test(path) ? 300 : 5_000);
    }
  }
  expect(routes.length).toBeGreaterThan(20);
}

describe('what is secret', () => {
  it('is in nothing that comes out while everything works, while everything fails, or at the end', async () => {
    const guildcast = await startGuildcast({ env });
    const { url } = guildcast;
    try {
      const write = (method: string, path: string, secret: Secret, body: object) =>
        recorder.ask(url, path, {
          method,
          headers: { 'content-type': 'application/json', ...bearer(secret) },
          body: JSON.stringify(body),
        });
      const password = { password: secrets['the password of a guild'] };
      const settings = `/api/v1/admin/guilds/${place.guild.id}`;
      expect(await write('PUT', `${settings}/password`, 'the admin key', password)).toBeLessThan(300);
      expect(await write('PATCH', `${settings}/settings`, 'the admin key', { door: 'open' })).toBe(200);
      const happenings = async () => {
        place.guild.setPresence(place.ada.id, 'dnd');
        place.guild.say({ channelId: place.general.id, authorId: place.ada.id, content: 'hello' });
        for (const target of [
          { userId: place.ada.id },
          { channelId: '1' },
          { webhookUrl },
          { webhookUrl: `${webhookUrl}/x` },
        ]) {
          const body = { guildId: place.guild.id, target, type: 'backup_error', payload: { error_message: 'x' } };
          await write('POST', '/api/v1/notifications', 'the publish key', body);
        }
        await recorder.ask(url, '/readyz');
      };
      await recorder.listen(url, joins, happenings);
      await recorder.listenSocketIo(
        url,
        [
          ['join', { guildId: place.guild.id }],
          ['join', { guildId: 'staff', ...doorTry }],
          ['join', { guildId: doorTry }],
        ],
        happenings,
      );
      await recorder.ask(
        url,
        `/api/v1/guilds/${place.guild.id}/events`,
        { headers: { accept: 'text/event-stream' } },
        500,
      );
      await askEverywhere(guildcast);

      // Now everything breaks.
      discord.refuseNext({ path: /./, status: 500, times: 20 });
      discord.dropSessions({ code: 4004 });
      upstreamStatus = 200;
      await asSuperuser(
        `alter role ${role} nologin`,
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`,
      );
      await vi.waitFor(async () => expect(await recorder.ask(url, '/readyz')).toBe(503), { timeout: 30_000 });
      await recorder.listen(url, joins, happenings);
      await askEverywhere(guildcast);
    } finally {
      await asSuperuser(`alter role ${role} login`);
      discord.refuseNoMore();
      await guildcast.stop();
      recorder.keep('the log', guildcast.output());
    }
    const everything = recorder.said.map(({ text }) => text).join('\n');
    // It was heard at all: events, faults of every source, and refusals.
    for (const heard of ['presence.updated', 'server-join', 'hello', 'application/problem+json', 'Reset Token'])
      expect(everything).toContain(heard);
    for (const source of ['postgres', 'http']) expect(everything).toMatch(new RegExp(`source ${source}`, 'i'));
  }, 120_000);

  it('is not in the sentence about a database that cannot be reached', async () => {
    const password = secrets['a password in DATABASE_URL'];
    const { child, output } = spawnGuildcast({ ...env, DATABASE_URL: `postgresql://u:${password}@127.0.0.1:1/x` });
    await new Promise((resolve) => child.once('exit', resolve));
    recorder.keep('the start', output());
    expect(output()).toContain('127.0.0.1');
  }, 60_000);

  it.each<[string, Record<string, string>]>([
    ['DATABASE_URL', { DATABASE_URL: `mysql://u:${secrets['a password in DATABASE_URL']}@h/x` }],
    ['DATABASE_URL', { DATABASE_URL: `postgres://u:${secrets['a password in DATABASE_URL']}@[/x` }],
    ['POSTGRES_SOURCE_URL', { POSTGRES_SOURCE_URL: `pg://u:${secrets['a password in POSTGRES_SOURCE_URL']}@h/x` }],
    ['HTTP_SOURCE_HEADERS', { HTTP_SOURCE_HEADERS: secrets['a header in HTTP_SOURCE_HEADERS'] }],
    ['HTTP_SOURCE_GUILDS_URL', { HTTP_SOURCE_GUILDS_URL: `ftp://h/?${secrets['a query in HTTP_SOURCE_GUILDS_URL']}` }],
    ['API_KEYS', { API_KEYS: `nobody=${secrets['the admin key']}` }],
    ['API_KEYS', { API_KEYS: secrets['the admin key'] }],
    ['REDIS_URL', { REDIS_URL: `gopher://:${secrets['a password in REDIS_URL']}@h` }],
    ['DISCORD_CLIENT_SECRET', { DISCORD_CLIENT_SECRET: `${secrets.DISCORD_CLIENT_SECRET} and more` }],
    ['PUBLIC_URL', { PUBLIC_URL: `http://u:${secrets.DISCORD_CLIENT_SECRET}@h` }],
  ])('is not in the sentence about a wrong %s', (name, wrong) => {
    let sentence = '';
    try {
      readConfig({ ...env, ...wrong });
    } catch (error) {
      sentence = String(error);
    }
    recorder.keep('the start', sentence);
    expect(sentence).toContain(name);
  });
});

import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startEmbeddedPostgres } from '../../../src/database/embedded-postgres.js';
import { GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { postgresSettings } from '../../../src/providers/postgres/postgres-settings.js';
import { makeSample } from '../../../src/providers/postgres/sample-schema.js';
import { fromTemplate } from '../../support/embedded-template.js';
import { RawSocket } from '../../support/raw-socket.js';
import { SocketIoClient } from '../../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { WebSocketClient } from '../../support/websocket-client.js';
import { PostgresBench } from './postgres-bench.js';

const harbour = '110000000000000001';
const patient = { timeout: 30_000 };

let app: TestApp | undefined;
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await app?.close();
  app = undefined;
});

async function show(url: string, env: Record<string, string> = {}): Promise<TestApp> {
  await makeSample(postgresSettings.parse({ POSTGRES_SOURCE_URL: url }), {});
  app = await startTestApp({ DATA_PROVIDERS: 'postgres', POSTGRES_SOURCE_URL: url, ...env });
  return app;
}

function keep<T extends { close(): unknown }>(one: T): T {
  opened.push(one);
  return one;
}

async function stream(url: string, guild: string): Promise<RawSocket> {
  const socket = await RawSocket.open(url);
  opened.push({ close: () => socket.destroy() });
  socket.request(`GET /api/v1/guilds/${guild}/events HTTP/1.1`, 'Host: x', 'Accept: text/event-stream');
  await vi.waitFor(() => expect(socket.received).toContain('event: snapshot'));
  return socket;
}

describe('a thousand clients who want in at once', { timeout: 120_000 }, () => {
  it('cost the database one question about the members, and all get them', async () => {
    const bench = await PostgresBench.open();
    try {
      const { url } = await show(bench.url, {
        POSTGRES_SOURCE_CHANNEL: 'off',
        POSTGRES_SOURCE_STATEMENT_TIMEOUT_MS: '60000',
        PROVIDER_TIMEOUT_MS: '60000',
        // Nobody is to be read again meanwhile.
        PROVIDER_POLL_SECONDS: '86400',
        RATE_LIMIT_JOINS_PER_MINUTE: '100000',
        MAX_CONNECTIONS_PER_ADDRESS: '2000',
      });
      const clients = await Promise.all(
        Array.from({ length: 1_000 }, async () => keep(await WebSocketClient.open(url))),
      );
      expect(app?.app.get(GuildRooms).peek(harbour)).toBeUndefined();
      await bench.run('select pg_stat_reset()');
      // The answer waits until all have asked.
      await bench.run('begin; lock table discord_users in access exclusive mode');
      for (const client of clients) client.connect({ server: harbour });
      await vi.waitFor(async () =>
        expect((await bench.connections()).filter((doing) => doing.startsWith('active'))).toHaveLength(1),
      );
      for (const client of clients) await client.nextOf('server-list', 30_000);
      await bench.run('commit');
      for (const client of clients) {
        const { data } = await client.nextOf('server-join', 30_000);
        expect(Object.keys(data.users as object)).toHaveLength(5);
      }
      expect(app?.app.get(GuildRooms).peek(harbour)?.occupants).toBe(1_000);
      await Promise.all(clients.map((client) => client.close()));
      await app?.close();
      app = undefined;
      // A connection tells what it read at its end at the latest.
      await vi.waitFor(async () => expect(await bench.connections()).toEqual([]));
      const [reads] = await bench.run(
        `select (seq_scan + coalesce(idx_scan, 0))::int as count from pg_stat_user_tables where relname = 'discord_users'`,
      );
      expect(reads).toEqual({ count: 1 });
    } finally {
      await bench.close();
    }
  });
});

describe('a guild that leaves its table', () => {
  it.each([
    ['deleted', `delete from discord_servers where server_id = '${harbour}'`],
    ['switched off', `update discord_servers set enabled = false where server_id = '${harbour}'`],
  ])('is taken from those in its room, who are told: %s', async (_how, statement) => {
    const bench = await PostgresBench.open();
    try {
      const { url } = await show(bench.url);
      const sio = keep(await SocketIoClient.open(url));
      await sio.ask('join', { guildId: harbour });
      const zone = keep(await WebSocketClient.open(url));
      zone.connect({ server: harbour });
      await zone.nextOf('server-join');
      const sse = await stream(url, harbour);
      const rooms = app!.app.get(GuildRooms);
      const room = rooms.peek(harbour);
      expect(room?.occupants).toBe(3);
      await bench.run(statement);
      await vi.waitFor(() => expect(sio.events.map(({ type }) => type)).toEqual(['guild.removed']));
      await vi.waitFor(() => expect(sse.received.endsWith('0\r\n\r\n')).toBe(true));
      expect(sse.received).toContain('event: guild.removed');
      expect(room?.occupants).toBe(0);
      await vi.waitFor(() => expect(rooms.peek(harbour)).toBeUndefined());
      expect((await fetch(`${url}/api/v1/guilds/${harbour}`)).status).toBe(404);
      const again = await sio.ask<{ error?: { code: string } }>('join', { guildId: harbour });
      expect(again.error?.code).toBe('guild.not_found');
      expect(sio.socket.connected).toBe(true);
    } finally {
      for (const one of opened.splice(0)) await one.close();
      await app?.close();
      app = undefined;
      await bench.close();
    }
  });
});

describe("a source's database that is restarted", { timeout: 120_000 }, () => {
  it('leaves its rooms as they were, marked stale, and what changed meanwhile is heard, not what is long over', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-source-'));
    // Where root may make no user namespace, Postgres runs as a user who must get through.
    chmodSync(folder, 0o755);
    const dataDir = path.join(folder, 'postgres');
    await fromTemplate(dataDir);
    const database = await startEmbeddedPostgres({ dataDir });
    const operator = async (sql: string): Promise<void> => {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      await client.query(sql).finally(() => client.end());
    };
    try {
      const { url, log } = await show(database.url, { PROVIDER_POLL_SECONDS: '0.2', PROVIDER_CACHE_SECONDS: '0' });
      const events: string[] = [];
      log.subscribe(({ type }) => events.push(type));
      const sio = keep(await SocketIoClient.open(url));
      const { snapshot } = await sio.ask('join', { guildId: harbour });
      expect(snapshot).toMatchObject({ stale: false, source: 'postgres' });
      const shown = async () => (await sio.ask('join', { guildId: harbour })).snapshot;

      // It starts again by itself, on a busy machine before anybody asked it: then once more.
      const restart = () =>
        process.kill(Number.parseInt(readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8'), 10), 'SIGINT');
      await vi.waitFor(
        () => {
          if (!events.includes('guild.unavailable')) restart();
          expect(events).toContain('guild.unavailable');
        },
        { timeout: 60_000, interval: 2_000 },
      );
      expect(await shown()).toMatchObject({ members: snapshot!.members });
      const answer = await fetch(`${url}/api/v1/guilds/${harbour}/members`);
      expect(answer.status).toBe(200);

      // Somebody comes and goes before anybody looks, and somebody changes for good.
      await vi.waitFor(
        () =>
          operator(`update discord_users set status = 'offline' where server_id = '${harbour}' and username = 'mara';
            update discord_users set status = 'offline' where username = 'tomasz';
            update discord_users set status = 'idle' where username = 'tomasz'`),
        patient,
      );
      const changes = () => sio.events.filter(({ type }) => type !== 'guild.unavailable' && type !== 'guild.updated');
      await vi.waitFor(() => expect(changes()).toHaveLength(1), patient);
      expect(changes()).toMatchObject([
        { type: 'presence.updated', data: { member: { username: 'mara' }, status: 'offline', previous: 'online' } },
      ]);
      expect(sio.events.slice(0, 2)).toMatchObject([{ type: 'guild.unavailable' }, { type: 'guild.updated' }]);
      await vi.waitFor(async () => expect(await shown()).toMatchObject({ stale: false }), patient);
      expect(changes()).toHaveLength(1);
    } finally {
      for (const one of opened.splice(0)) await one.close();
      await app?.close();
      app = undefined;
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

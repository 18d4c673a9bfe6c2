import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord, type FakeGuild } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { ListeningProxy } from '../support/listening-proxy.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { createTestDatabase } from '../support/test-database.js';
import { WebSocketClient } from '../support/websocket-client.js';

const keys = { admin: 'admin-key-of-this-test', publish: 'publish-key-of-this-test' };
const deadline = { timeout: 30_000, interval: 50 };
/** What somebody writes to the bot, and what would tell of them. */
const stranger = { id: '277000000000000778', username: 'stranger_account', words: 'my heart to a machine' };
const memberWords = 'for the bot alone';
const edited = 'second thoughts';
const traces = [...Object.values(stranger), memberWords, edited];
const tracesIn = (text: string): string[] => traces.filter((trace) => text.includes(trace));

/** With the whole program, which hears of direct messages since its own are confirmed by that. */
describe('direct messages', () => {
  let discord: FakeDiscord;
  let guild: FakeGuild;
  let general: string;
  let alice: string;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let guildcast: GuildcastProcess;
  let wire: ListeningProxy;

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    guild = discord.addGuild({ name: 'Town' });
    general = guild.addChannel({ name: 'general' }).id;
    alice = guild.addMember({ username: 'alice', status: 'online' }).id;
    discord.addUser({ id: stranger.id, username: stranger.username });
    database = await createTestDatabase();
    guildcast = await startGuildcast({
      env: {
        DATABASE_URL: database.url,
        DATA_PROVIDERS: 'discord-gateway',
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        GUILDS: '*',
        API_KEYS: `admin=${keys.admin},publish=${keys.publish}`,
        QUEUE_POLL_SECONDS: '1',
        LOG_LEVEL: 'trace',
      },
    });
    wire = await ListeningProxy.to(guildcast.url);
    await discord.waitForSession({ timeout: 15_000 });
    await vi.waitFor(async () => expect((await ask(`guilds/${guild.id}`)).status).toBe(200), deadline);
  }, 90_000);
  afterAll(async () => {
    await wire?.close();
    await guildcast?.stop();
    await database.drop();
    await discord.stop();
  });

  const ask = (path: string, key = keys.admin, body?: unknown) =>
    fetch(`${wire.url}/${path.startsWith('metrics') ? path : `api/v1/${path}`}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  async function publish(target: object, content: string): Promise<string> {
    const answer = await ask('notifications', keys.publish, { target, message: { content } });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { id: string }).id;
  }

  const untilConfirmed = (id: string) =>
    vi.waitFor(async () => {
      const view: unknown = await (await ask(`notifications/${id}`)).json();
      expect(view).toMatchObject({ state: 'delivered', confirmedAt: expect.stringMatching(/Z$/) as string });
    }, deadline);

  /** Every row of every table, as text. */
  async function stored(): Promise<string> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
      );
      const found: string[] = [];
      for (const { name } of tables) {
        const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
        found.push(...rows.map(({ row }) => `${name} ${row}`));
      }
      return found.join('\n');
    } finally {
      await client.end();
    }
  }

  /** What is counted about guilds and their visitors. */
  async function counted(): Promise<string[]> {
    const text = await (await ask('metrics')).text();
    const names = /^guildcast_(events|deliveries|event_log|presence|rooms|notification_attempts|notifications)/;
    return text.split('\n').filter((line) => names.test(line));
  }

  it(
    'of ours are confirmed, and those of people are not stored, logged, told or counted',
    { timeout: 120_000 },
    async () => {
      const socket = await SocketIoClient.open(wire.url);
      expect(await socket.ask('join', { guildId: guild.id })).toMatchObject({ snapshot: expect.anything() as unknown });
      const zone = await WebSocketClient.open(wire.url);
      zone.connect({ server: guild.id });
      await zone.nextOf('server-join', 15_000);
      await untilConfirmed(await publish({ userId: alice }, 'from the bot'));
      const told = (type: string) => socket.events.filter((event) => JSON.stringify(event).includes(type)).length;
      const before = { figures: await counted(), events: socket.events.length, frames: zone.frames.length };
      // The eyes of this test see what there is to be seen.
      expect(before.figures.length).toBeGreaterThan(3);
      expect(await stored()).toContain('from the bot');

      const first = discord.sayToBot({ authorId: stranger.id, content: stranger.words });
      const second = discord.sayToBot({ authorId: alice, content: memberWords });
      guild.talk.edit(first.id, edited);
      guild.talk.edit(second.id, edited);
      guild.talk.delete(first.id);
      guild.talk.delete(second.id);
      // The packets of one session are applied in their order.
      expect(await counted()).toEqual(before.figures);
      guild.say({ channelId: general, authorId: alice, content: 'said aloud' });
      await vi.waitFor(() => expect(told('said aloud')).toBe(1), deadline);
      await vi.waitFor(() => expect(JSON.stringify(zone.frames)).toContain('said aloud'), deadline);
      expect(socket.events.length).toBe(before.events + 1);
      expect(zone.frames.length).toBe(before.frames + 1);

      const late = await SocketIoClient.open(wire.url);
      await late.ask('join', { guildId: guild.id });
      for (const path of [
        'guilds',
        `guilds/${guild.id}`,
        `guilds/${guild.id}/members?limit=1000`,
        `guilds/${guild.id}/events?wait=0`,
        'admin/queue/notifications?limit=100',
        'metrics',
      ]) {
        expect(tracesIn(await (await ask(path)).text()), path).toEqual([]);
      }
      await untilConfirmed(await publish({ userId: stranger.id }, 'an answer'));
      // Whom a notification is for is in its row, and in what its publisher reads.
      const expected = [stranger.id];
      expect(tracesIn(await stored()).filter((trace) => !expected.includes(trace))).toEqual([]);
      expect(tracesIn(wire.heard()).filter((trace) => !expected.includes(trace))).toEqual([]);
      expect(tracesIn(guildcast.output()).filter((trace) => !expected.includes(trace))).toEqual([]);
      for (const client of [socket, zone, late]) await client.close();
    },
  );
});

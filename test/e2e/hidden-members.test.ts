import { EventSource } from 'eventsource';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DomainEvent, domainEventTypes } from '../../src/domain/events/index.js';
import { FakeDiscord, type FakeGuild } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { ListeningProxy } from '../support/listening-proxy.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { createTestDatabase } from '../support/test-database.js';
import { WebSocketClient } from '../support/websocket-client.js';

const adminKey = 'admin-key-of-this-test';
const deadline = { timeout: 30_000, interval: 100 };
const view = 1n << 10n;
const storedGuild = '910000000000000001';

/** Whatever would tell of the one who hides. */
const canary = {
  id: '277000000000000777',
  username: 'canary_account',
  nick: 'Canary von Cage',
  laterNick: 'Second Feather',
  avatar: 'ca9a41ca9a41ca9a41ca9a41ca9a41ca',
  words: 'sings in the mine',
};
const traces = Object.values(canary);
const tracesIn = (text: string): string[] => traces.filter((trace) => text.includes(trace));

interface Page {
  recovered: boolean;
  cursor: string;
  events: DomainEvent[];
  snapshot: { members: { id: string }[] } | null;
}

describe('a member who hides', () => {
  let discord: FakeDiscord;
  let guild: FakeGuild;
  let general: string;
  let alice: string;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let guildcast: GuildcastProcess;
  let wire: ListeningProxy;
  const ends: (() => unknown)[] = [];

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    guild = discord.addGuild({ name: 'Mine' });
    general = guild.addChannel({ name: 'general' }).id;
    alice = guild.addMember({ username: 'alice', status: 'online' }).id;
    const { id, username, nick, avatar } = canary;
    guild.addMember({ id, username, nick, avatar, status: 'online', activities: [{ name: 'Birdsong' }] });
    database = await createTestDatabase();
    guildcast = await startGuildcast({
      env: {
        DATABASE_URL: database.url,
        DATA_PROVIDERS: 'discord-gateway,store',
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        GUILDS: '*',
        API_KEYS: `admin=${adminKey}`,
        DZONE_DELETE_SECONDS: '0.2',
        LOG_LEVEL: 'debug',
      },
    });
    wire = await ListeningProxy.to(guildcast.url);
    await discord.waitForSession({ timeout: 15_000 });
    await vi.waitFor(async () => expect((await get(`guilds/${guild.id}`)).status).toBe(200), deadline);
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  afterAll(async () => {
    await wire.close();
    await guildcast.stop();
    await database.drop();
    await discord.stop();
  });

  const ask = (method: string, path: string, body?: unknown) =>
    fetch(`${wire.url}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const get = (path: string) => ask('GET', path);

  async function socketIo(cursor?: string, transports = ['websocket']) {
    const client = await SocketIoClient.open(wire.url, { transports });
    ends.push(() => client.close());
    const answer = await client.ask('join', { guildId: guild.id, cursor });
    return { answer, has: (type: string, text: string) => client.events.some((event) => holds(event, type, text)) };
  }

  async function zone(resume?: unknown) {
    const client = await WebSocketClient.open(wire.url);
    ends.push(() => client.close());
    client.connect({ server: guild.id, ...(resume !== undefined && { resume }) });
    const { data } = await client.nextOf('server-join', 15_000);
    const has = (type: string, text: string) => client.frames.some((frame) => holds(frame, type, text));
    return { data, has, wiped: () => client.frames.some(({ data: frame }) => frame.delete === true) };
  }

  async function stream(cursor?: string) {
    const source = new EventSource(`${wire.url}/api/v1/guilds/${guild.id}/events${cursor ? `?cursor=${cursor}` : ''}`);
    ends.push(() => source.close());
    const blocks: { type: string; data: string }[] = [];
    for (const type of ['snapshot', 'resumed', ...domainEventTypes]) {
      source.addEventListener(type, ({ data }) => blocks.push({ type, data: String(data) }));
    }
    await vi.waitFor(() => expect(blocks.length).toBeGreaterThan(0), deadline);
    const has = (type: string, text: string) => blocks.some((block) => holds(block, type, text));
    return { first: blocks[0]!.type, has };
  }

  async function poll(cursor: string, wait = 0): Promise<Page> {
    const answer = await get(`guilds/${guild.id}/events?wait=${wait}&cursor=${cursor}`);
    return (await answer.json()) as Page;
  }

  const everyTransport = async () => [
    await socketIo(),
    await socketIo(undefined, ['polling']),
    await zone(),
    await stream(),
  ];

  /** Every row of every table, as text. */
  async function stored(): Promise<string[]> {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      const { rows: tables } = await client.query<{ name: string }>(
        `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public'`,
      );
      const found: string[] = [];
      for (const { name } of tables) {
        const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
        found.push(...rows.filter(({ row }) => tracesIn(row).length > 0).map(({ row }) => `${name} ${row}`));
      }
      return found;
    } finally {
      await client.end();
    }
  }

  it(
    'is gone from every transport, list, history and table at once, and from the log',
    { timeout: 120_000 },
    async () => {
      const drawn = await zone();
      const present = [...(await everyTransport()), drawn];
      const { cursor: before } = (await (await get(`guilds/${guild.id}`)).json()) as Page;
      const said = guild.say({ channelId: general, authorId: canary.id, content: canary.words });
      for (const one of present) await vi.waitFor(() => expect(one.has('message', canary.words)).toBe(true), deadline);
      guild.updateMember(canary.id, { nick: canary.laterNick });
      for (const one of present) {
        await vi.waitFor(() => expect(one.has('member', canary.laterNick)).toBe(true), deadline);
      }
      await ask('POST', 'admin/guilds', { id: storedGuild, name: 'Kept mine' });
      const fields = {
        username: canary.username,
        displayName: canary.nick,
        avatarUrl: `https://x.example/${canary.avatar}.png`,
      };
      await ask('PUT', `admin/guilds/${storedGuild}/members/${canary.id}`, fields);
      await ask('PUT', `admin/guilds/${storedGuild}/members/${alice}`, { username: 'alice', displayName: 'alice' });
      await vi.waitFor(
        async () => expect(await (await get(`guilds/${storedGuild}`)).text()).toContain(canary.id),
        deadline,
      );
      // The eyes of this test see all of it.
      expect(tracesIn(wire.heard())).toEqual(traces);
      expect((await stored()).some((row) => row.startsWith('stored_members'))).toBe(true);

      // Kept for a second, under a name that only this visitor uses.
      const oddly = `guilds/%20${guild.id}%20`;
      expect(await (await get(oddly)).text()).toContain(canary.id);
      const waiting = poll((await poll(before)).cursor, 30);
      const printed = guildcast.output().length;
      expect((await ask('PUT', `admin/hidden/${canary.id}`)).status).toBe(204);
      expect(tracesIn(await (await get(oddly)).text())).toEqual([]);
      for (const one of present) {
        await vi.waitFor(
          () => expect(one.has('member', 'left') || one.has('member-leave', canary.id)).toBe(true),
          deadline,
        );
      }
      await vi.waitFor(() => expect(drawn.wiped()).toBe(true), deadline);
      expect(await waiting).toMatchObject({ recovered: false });
      // The leave was the last word about them.
      wire.forget();

      guild.setPresence(canary.id, 'dnd', [{ name: 'Silence' }]);
      guild.updateMember(canary.id, { nick: canary.nick });
      guild.say({ channelId: general, authorId: canary.id, content: canary.words });
      const asked = guild.say({ channelId: general, authorId: alice, content: `<@${canary.id}> are you there?` });
      guild.talk.edit(asked.id, `<@${canary.id}> where are you?`);
      guild.talk.edit(said.id, `${canary.words} again`);
      guild.talk.type(canary.id, general);
      guild.voice.move(canary.id, guild.addChannel({ name: 'stage', type: 2 }).id);
      discord.updateUser(canary.id, { username: canary.username, avatar: canary.avatar });
      guild.removeMember(canary.id);
      guild.say({ channelId: general, authorId: alice, content: `<@${canary.id}> has gone` });
      guild.addMember({
        id: canary.id,
        username: canary.username,
        nick: canary.nick,
        avatar: canary.avatar,
        status: 'idle',
      });
      await ask('PUT', `admin/guilds/${storedGuild}/members`, {
        members: [
          { id: canary.id, ...fields },
          { id: alice, username: 'alice', displayName: 'Alice of the store' },
        ],
      });
      await ask('POST', `admin/guilds/${guild.id}/refresh`);
      await ask('POST', `admin/guilds/${storedGuild}/refresh`);

      const late = await everyTransport();
      const resumed = [await socketIo(before), await zone(before), await stream(before)] as const;
      expect(resumed[0].answer).toMatchObject({ recovered: false });
      expect(resumed[1].data).toMatchObject({ recovered: false });
      expect(resumed[2].first).toBe('snapshot');
      expect(await poll(before)).toMatchObject({ recovered: false, events: [] });
      for (const path of [
        'guilds',
        `guilds/${guild.id}`,
        `guilds/${guild.id}/members?limit=1000`,
        `guilds/${storedGuild}`,
        'admin/settings',
        'admin/guilds',
        `admin/guilds/${storedGuild}/members`,
        `admin/guilds/${guild.id}/alerts`,
      ]) {
        expect((await get(path)).status, path).toBe(200);
      }
      await ask('GET', '../../metrics');
      await ask('GET', '../../readyz');
      guild.say({ channelId: general, authorId: alice, content: 'the last word' });
      for (const one of [...present, ...late, ...resumed]) {
        await vi.waitFor(() => expect(one.has('message', 'the last word')).toBe(true), deadline);
      }

      expect(wire.heard()).toContain('@unknown-user are you there?');
      expect(wire.heard()).toContain('@unknown-user where are you?');
      expect(wire.heard()).toContain('@unknown-user has gone');
      expect(wire.heard()).toContain('Alice of the store');
      expect(tracesIn(wire.heard())).toEqual([]);
      const log = guildcast.output().slice(printed);
      expect(log).toContain('/hidden/[Redacted] 204');
      expect(tracesIn(log)).toEqual([]);
      const rows = await stored();
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatch(new RegExp(`^hidden_members \\(,${canary.id},`));
      expect(tracesIn(rows[0]!)).toEqual([canary.id]);

      expect((await ask('DELETE', `admin/hidden/${canary.id}`)).status).toBe(204);
      for (const one of [...present, ...late]) {
        await vi.waitFor(() => expect(one.has('member', canary.nick)).toBe(true), deadline);
      }
      expect(await (await get(`guilds/${guild.id}/members`)).text()).toContain(canary.avatar);
    },
  );

  it('hears of private channels what the operator names, and of no other', { timeout: 60_000 }, async () => {
    const closed = { overwrites: [{ id: guild.id, type: 0 as const, deny: view }] };
    const named = guild.addChannel({ name: 'council', ...closed }).id;
    const nsfw = guild.addChannel({ name: 'cellar', nsfw: true }).id;
    const secret = guild.addChannel({ name: 'vault', ...closed }).id;
    const client = await SocketIoClient.open(wire.url);
    ends.push(() => client.close());
    await client.ask('join', { guildId: guild.id });
    const say = (channelId: string, content: string) => guild.say({ channelId, authorId: alice, content });
    const contents = () =>
      client.events.flatMap(({ type, data }) =>
        type === 'message.created' ? [(data as { content: string }).content] : [],
      );
    const settle = async (patch: object) => {
      expect((await ask('PATCH', `admin/guilds/${guild.id}/settings`, patch)).status).toBe(200);
    };
    const channels = { named, nsfw, secret, general };
    const sayAll = (turn: string) => Object.entries(channels).forEach(([name, id]) => say(id, `${turn} ${name}`));

    sayAll('1');
    await vi.waitFor(() => expect(contents()).toContain('1 general'), deadline);
    await settle({ channels: [named, nsfw, general] });
    sayAll('2');
    await vi.waitFor(() => expect(contents()).toContain('2 general'), deadline);
    await settle({ channels: [named] });
    sayAll('3');
    const kept = { [secret]: say(secret, 'kept').id, [named]: say(named, `3 see <#${named}> and <#${secret}>`).id };
    await vi.waitFor(() => expect(contents()).toContain('3 see #council and #unknown'), deadline);
    for (const [channelId, id] of Object.entries(kept)) {
      guild.talk.type(alice, channelId);
      guild.talk.edit(id, `edited in ${channelId}`);
      guild.talk.delete(id);
    }
    const deleted = () => client.events.filter(({ type }) => type === 'message.deleted');
    await vi.waitFor(() => expect(deleted()).toMatchObject([{ data: { ids: [kept[named]] } }]), deadline);
    for (const type of ['typing.started', 'message.updated']) {
      expect(client.events.filter((event) => event.type === type)).toMatchObject([{ data: { channelId: named } }]);
    }
    await settle({ channels: null });
    sayAll('4');
    await vi.waitFor(() => expect(contents()).toContain('4 general'), deadline);
    expect(contents().join(', ')).toBe(
      '1 general, 2 named, 2 nsfw, 2 general, 3 named, 3 see #council and #unknown, 4 general',
    );
  });
});

/** `type` as its beginning, since dialects call events by different names. */
function holds(frame: { type: string; data: unknown }, type: string, text: string): boolean {
  return frame.type.startsWith(type) && (JSON.stringify(frame).includes(text) || String(frame.data).includes(text));
}

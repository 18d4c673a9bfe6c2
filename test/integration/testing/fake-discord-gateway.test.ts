import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FakeDiscord, type FakeGuild, intents } from '../../../src/testing/fake-discord/index.js';

interface Payload {
  op: number;
  t?: string;
  s?: number;
  d: Record<string, unknown>;
}

/** A client that knows nothing: it says what it is told to. */
class RawClient {
  readonly received: Payload[] = [];
  private wake: () => void = () => undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.received.push(JSON.parse(data.toString()) as Payload);
      this.wake();
    });
  }

  static open(discord: FakeDiscord, query = '?v=10&encoding=json'): RawClient {
    return new RawClient(new WebSocket(discord.apiUrl.replace('http', 'ws').replace('/api', `/gateway${query}`)));
  }

  /** The first payload that fits, from the past or to come. */
  async until(fits: (payload: Payload) => boolean): Promise<Payload> {
    for (;;) {
      const found = this.received.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  async say(op: number, d?: unknown): Promise<void> {
    await this.until((payload) => payload.op === 10);
    this.socket.send(JSON.stringify({ op, d }));
  }

  async closed(): Promise<number> {
    const [code] = (await once(this.socket, 'close')) as [number];
    return code;
  }

  async identify(bits: number, more: object = {}): Promise<Payload> {
    await this.say(2, { token: 'fake-token', intents: bits, properties: {}, ...more });
    return this.until(({ t }) => t === 'READY');
  }
}

const all = Object.values(intents).reduce((sum, bit) => sum | bit, 0);
let discord: FakeDiscord;
let guild: FakeGuild;

beforeEach(async () => {
  discord = await FakeDiscord.start();
  guild = discord.addGuild({ name: 'Town' });
});

afterEach(() => discord.stop());

describe('closes', () => {
  const identify = { token: 'fake-token', intents: 1, properties: {} };
  it.each([
    ['a wrong token', 4004, 2, { ...identify, token: 'wrong' }],
    ['unknown intents', 4013, 2, { ...identify, intents: 1 << 17 }],
    ['a place that no shard has', 4010, 2, { ...identify, shard: [2, 2] }],
    ['an IDENTIFY without content', 4002, 2, null],
    ['a presence before IDENTIFY', 4003, 3, { status: 'idle', activities: [] }],
    ['a request for members before IDENTIFY', 4003, 8, { guild_id: '1', query: '', limit: 0 }],
    ['an unknown opcode', 4001, 77, null],
    ['a resume with a wrong token', 4004, 6, { token: 'wrong', session_id: 'x', seq: 1 }],
  ])('%s: %i', async (_, code, op, d) => {
    const client = RawClient.open(discord);
    const closed = client.closed();
    await client.say(op, d);
    expect(await closed).toBe(code);
    expect(discord.sessions).toHaveLength(0);
  });

  it('privileged intents that are not allowed: 4014', async () => {
    const strict = await FakeDiscord.start({ intents: { members: false, messageContent: false } });
    try {
      for (const bit of [intents.guildMembers, intents.messageContent]) {
        const client = RawClient.open(strict);
        const closed = client.closed();
        await client.say(2, { ...identify, intents: bit });
        expect(await closed).toBe(4014);
      }
      expect((await RawClient.open(strict).identify(intents.guildPresences)).d.v).toBe(10);
    } finally {
      await strict.stop();
    }
  });

  it('what is not JSON, a second IDENTIFY, another version, another encoding', async () => {
    const garbled = RawClient.open(discord);
    await garbled.until(({ op }) => op === 10);
    garbled.socket.send('{');
    expect(await garbled.closed()).toBe(4002);
    const twice = RawClient.open(discord);
    await twice.identify(1);
    const closed = twice.closed();
    await twice.say(2, identify);
    expect(await closed).toBe(4005);
    expect(await RawClient.open(discord, '?v=6').closed()).toBe(4012);
    expect(await RawClient.open(discord, '?v=10&encoding=etf').closed()).toBe(4002);
  });
});

describe('a session', () => {
  it('says HELLO, READY with stubs, then the guilds, and answers heartbeats', async () => {
    const client = RawClient.open(discord, '?v=10&encoding=json&compress=zlib-stream');
    const hello = await client.until(({ op }) => op === 10);
    expect(hello.d.heartbeat_interval).toBe(41_250);
    await client.say(1, null);
    await client.until(({ op }) => op === 11);
    const ready = await client.identify(all);
    expect(ready).toMatchObject({ s: 1, d: { guilds: [{ id: guild.id, unavailable: true }], shard: [0, 1] } });
    expect(ready.d.resume_gateway_url).toBe(discord.apiUrl.replace('http', 'ws').replace('/api', '/gateway'));
    expect(await client.until(({ t }) => t === 'GUILD_CREATE')).toMatchObject({
      s: 2,
      d: { id: guild.id, name: 'Town' },
    });
    await client.say(3, { status: 'dnd', activities: [], since: null, afk: false });
    await client.say(4, { guild_id: guild.id, channel_id: null, self_mute: false, self_deaf: false });
    await client.say(1, 2);
    const late = RawClient.open(discord);
    await late.identify(all, { presence: { status: 'idle', activities: [] } });
    const seen = await late.until(({ t }) => t === 'GUILD_CREATE');
    expect(seen.d.presences).toMatchObject([{ user: { id: discord.botUser.id }, status: 'idle' }]);
    expect(discord.sessions).toHaveLength(2);
  });

  it('is resumed with what it missed; unknown ones are refused, and a sequence of the future too', async () => {
    const client = RawClient.open(discord);
    const ready = await client.identify(all);
    const { s } = await client.until(({ t }) => t === 'GUILD_CREATE');
    discord.dropSessions({ code: 4000 });
    expect(await client.closed()).toBe(4000);
    const { id } = guild.addMember({ username: 'ada', status: 'online' });
    const resume = { token: 'fake-token', session_id: ready.d.session_id, seq: s };

    const future = RawClient.open(discord);
    const closed = future.closed();
    await future.say(6, { ...resume, seq: 99 });
    expect(await closed).toBe(4007);

    const back = RawClient.open(discord);
    await back.say(6, resume);
    await back.until(({ t }) => t === 'RESUMED');
    expect(back.received.map(({ t, s: n }) => [t, n]).slice(1)).toEqual([
      ['GUILD_MEMBER_ADD', 3],
      ['PRESENCE_UPDATE', 4],
      ['RESUMED', 5],
    ]);
    guild.setPresence(id, 'dnd');
    expect(await back.until(({ s: n }) => n === 6)).toMatchObject({ t: 'PRESENCE_UPDATE', d: { status: 'dnd' } });

    const stranger = RawClient.open(discord);
    await stranger.say(6, { ...resume, session_id: 'unknown' });
    expect((await stranger.until(({ op }) => op === 9)).d).toBe(false);
  });

  it('is over when the client says goodbye, and moves to the connection that resumes it', async () => {
    const first = RawClient.open(discord);
    const ready = await first.identify(all);
    const resume = { token: 'fake-token', session_id: ready.d.session_id, seq: 2 };
    const second = RawClient.open(discord);
    const displaced = first.closed();
    await second.say(6, resume);
    await second.until(({ t }) => t === 'RESUMED');
    expect(await displaced).toBe(1006);
    expect(discord.sessions).toHaveLength(1);
    second.socket.close(1000);
    await second.closed();
    const third = RawClient.open(discord);
    await third.say(6, resume);
    expect((await third.until(({ op }) => op === 9)).d).toBe(false);
  });

  it('hears of the guilds of its shard alone', async () => {
    const other = discord.addGuild({ name: 'Other', id: (BigInt(guild.id) + (1n << 22n)).toString() });
    const shards = [RawClient.open(discord), RawClient.open(discord)];
    const readies = await Promise.all(shards.map((client, n) => client.identify(all, { shard: [n, 2] })));
    const ids = readies.map(({ d }) => (d.guilds as { id: string }[]).map(({ id }) => id));
    expect(ids.map(({ length }) => length)).toEqual([1, 1]);
    expect(ids.flat().sort()).toEqual([guild.id, other.id].sort());
    const { id } = discord.addUser({ username: 'ada' });
    discord.sayToBot({ authorId: id, content: 'to shard 0' });
    expect(await shards[0]!.until(({ t }) => t === 'MESSAGE_CREATE')).toMatchObject({ d: { channel_type: 1 } });
  });

  it('hears no message of a channel that the bot cannot read', async () => {
    const plain = discord.addGuild({ name: 'Plain', botPermissions: 0n });
    const { id: ada } = plain.addMember({ username: 'ada' });
    const open = plain.addChannel({ name: 'open' }).id;
    const shut = plain.addChannel({ name: 'shut', overwrites: [{ id: plain.id, type: 0, deny: 1n << 10n }] }).id;
    const thread = plain.addChannel({ name: 'thread', type: 12, parentId: shut }).id;
    const client = RawClient.open(discord);
    await client.identify(all);
    const created = await client.until(({ t, d }) => t === 'GUILD_CREATE' && d.id === plain.id);
    expect(created.d.threads as object[]).toMatchObject([{ id: thread, parent_id: shut, thread_metadata: {} }]);
    plain.say({ channelId: shut, authorId: ada, content: 'hidden' });
    plain.say({ channelId: thread, authorId: ada, content: 'hidden too' });
    plain.say({ channelId: open, authorId: ada, content: 'open' });
    const heard = await client.until(({ t }) => t === 'MESSAGE_CREATE');
    expect(heard.d).toMatchObject({ content: 'open', guild_id: plain.id, member: { roles: [] } });
    expect(heard.d.author).toMatchObject({ id: ada });
  });
});

describe('several shards', () => {
  it('begin in turn when they are of one bucket, and are kept away one by one', async () => {
    const large = await FakeDiscord.start({ shards: 4, maxConcurrency: 2, identifyInterval: 60_000 });
    try {
      const answer = await fetch(`${large.apiUrl}/v10/gateway/bot`, { headers: { authorization: 'Bot fake-token' } });
      expect(await answer.json()).toMatchObject({ shards: 4, session_start_limit: { max_concurrency: 2 } });
      await RawClient.open(large).identify(1, { shard: [0, 4] });
      await RawClient.open(large).identify(1, { shard: [1, 4] });
      const early = RawClient.open(large);
      await early.say(2, { token: 'fake-token', intents: 1, properties: {}, shard: [2, 4] });
      expect(await early.until(({ op }) => op === 9)).toMatchObject({ d: false });
      large.keepShardsAway(3);
      const away = RawClient.open(large);
      const closed = away.closed();
      await away.say(2, { token: 'fake-token', intents: 1, properties: {}, shard: [3, 4] });
      expect(await closed).toBe(1006);
      expect(large.sessionStarts.map(({ shard }) => shard)).toEqual([
        [0, 4],
        [1, 4],
      ]);
      large.dropSessions({ shard: 1 });
      expect(large.sessions.map(({ shard }) => shard)).toEqual([[0, 4]]);
    } finally {
      await large.stop();
    }
  });
});

import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect, type ClientRoom, type GuildClient } from '../../src/client/index.js';
import { type DomainEvent, domainEventTypes } from '../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../src/domain/guild-snapshot.js';
import { FakeDiscord, permissions } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

const patience = { timeout: 20_000, interval: 50 };
const mark = 'nothing-to-see-here';

function populate(discord: FakeDiscord) {
  const guild = discord.addGuild({ name: 'Town' });
  const general = guild.addChannel({ name: 'general' });
  const lounge = guild.addChannel({ name: 'Lounge', type: 2 });
  const closed = [{ id: guild.id, type: 0 as const, deny: permissions.viewChannel }];
  const secret = guild.addChannel({ name: mark, overwrites: closed });
  const vault = guild.addChannel({ name: mark, type: 2, overwrites: closed });
  const alice = guild.addMember({ username: 'alice', status: 'online' });
  const bob = guild.addMember({ username: 'bob', status: 'online' });
  return { guild, general, lounge, secret, vault, closed, alice, bob };
}

/** An event stream that keeps what it got, with the ids of its blocks. */
class Stream {
  readonly events: DomainEvent[] = [];
  readonly ids: string[] = [];
  snapshot: GuildSnapshot | undefined;
  private readonly source: EventSource;

  constructor(url: string) {
    this.source = new EventSource(url);
    this.source.addEventListener('snapshot', ({ data }) => {
      this.snapshot = JSON.parse(String(data)) as GuildSnapshot;
    });
    for (const type of domainEventTypes) {
      this.source.addEventListener(type, ({ data, lastEventId }) => {
        this.events.push(JSON.parse(String(data)) as DomainEvent);
        this.ids.push(lastEventId);
      });
    }
  }

  close(): void {
    this.source.close();
  }
}

describe('what happens in a guild of Discord', () => {
  let discord: FakeDiscord;
  let world: ReturnType<typeof populate>;
  let guildcast: GuildcastProcess;
  let socket: SocketIoClient;
  let stream: Stream;
  let zone: WebSocketClient;
  let client: GuildClient;
  let room: ClientRoom;

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    world = populate(discord);
    const env = { DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl, GUILDS: '*', PRESENCE_WINDOW_MS: '0' };
    guildcast = await startGuildcast({ env });
    await discord.waitForSession({ timeout: 15_000 });
    socket = await SocketIoClient.open(guildcast.url);
    await vi.waitFor(async () => {
      expect((await socket.ask('join', { guildId: world.guild.id })).snapshot?.members).toHaveLength(3);
    }, patience);
    stream = new Stream(`${guildcast.url}/api/v1/guilds/${world.guild.id}/events`);
    zone = await WebSocketClient.open(guildcast.url);
    zone.connect({ server: world.guild.id });
    await zone.nextOf('server-join', 15_000);
    client = connect(guildcast.url);
    room = client.join(world.guild.id);
    await vi.waitFor(() => expect([room.status.name, stream.snapshot !== undefined]).toEqual(['live', true]), patience);
  }, 60_000);
  afterAll(async () => {
    client.close();
    stream.close();
    socket.close();
    await zone.close();
    await guildcast.stop();
    await discord.stop();
  });

  /** What a socket.io client heard until a message that is written now; the stream has heard the same by then. */
  async function told(act: () => void): Promise<DomainEvent[]> {
    const heard = [socket.events.length, stream.events.length];
    act();
    const { guild, general, alice } = world;
    const last = guild.say({ channelId: general.id, authorId: alice.id, content: 'until here' }).id;
    const isLast = (event?: DomainEvent) => event?.type === 'message.created' && event.data.id === last;
    await vi.waitFor(() => {
      expect([isLast(socket.events.at(-1)), isLast(stream.events.at(-1))]).toEqual([true, true]);
      expect(room.cursor).toBe(socket.events.at(-1)!.cursor);
    }, patience);
    const events = socket.events.slice(heard[0]);
    expect(stream.events.slice(heard[1])).toEqual(events);
    expect(stream.ids.slice(heard[1])).toEqual(events.map(({ cursor }) => cursor));
    return events.slice(0, -1);
  }

  it('is edits, deletes, typing, voice, platforms and channels, alike on socket.io and in streams, one place each', async () => {
    const { guild, general, lounge, alice, bob } = world;
    const message = { channelId: general.id, channelName: 'general' };
    const author = { id: alice.id, username: 'alice', displayName: 'alice', roleColor: '#99aab5' };
    let ids: string[] = [];
    const events = await told(() => {
      ids = ['helo', 'two', 'three'].map(
        (content) => guild.say({ channelId: general.id, authorId: alice.id, content }).id,
      );
      guild.talk.edit(ids[0]!, 'hello');
      guild.talk.delete(ids[0]!);
      guild.talk.delete(ids[1]!, ids[2]!);
      guild.talk.type(alice.id, general.id);
      guild.voice.move(bob.id, lounge.id);
      guild.setPresence(bob.id, 'online', [], ['mobile']);
      guild.updateChannel(lounge.id, { name: 'Bar' });
    });
    const channel = { id: lounge.id, name: 'Bar', kind: 'voice' };
    expect(events.slice(3).map(({ type, data }) => [type, data])).toEqual([
      ['message.updated', expect.objectContaining({ ...message, id: ids[0], content: 'hello' })],
      ['message.deleted', { ids: [ids[0]], ...message }],
      ['message.deleted', { ids: [ids[1], ids[2]], ...message }],
      ['typing.started', { member: author, ...message }],
      ['member.updated', expect.objectContaining({ previous: { voiceChannelId: null } })],
      ['presence.updated', expect.objectContaining({ status: 'online', previous: 'online', platforms: ['mobile'] })],
      ['channel.updated', { channel, previous: { name: 'Lounge' } }],
    ]);
    const offsets = events.map(({ cursor }) => Number(cursor.split(':')[1]));
    expect(offsets).toEqual(offsets.map((_, n) => offsets[0]! + n));
  });

  it('is in the snapshot, over REST, on socket.io and in the client package', async () => {
    const { guild, general, lounge, bob } = world;
    const channels = [
      { id: general.id, name: 'general', kind: 'text' },
      { id: lounge.id, name: 'Bar', kind: 'voice' },
    ];
    const answer = (await (await fetch(`${guildcast.url}/api/v1/guilds/${guild.id}`)).json()) as GuildSnapshot;
    const joined = (await socket.ask('join', { guildId: guild.id })).snapshot!;
    for (const snapshot of [answer, joined]) {
      expect(snapshot.channels).toEqual(channels);
      expect(snapshot.members.find(({ id }) => id === bob.id)).toMatchObject({
        platforms: ['mobile'],
        voiceChannelId: lounge.id,
      });
    }
    expect([...room.guild!.channels.values()]).toEqual(channels);
    expect(room.guild!.members.get(bob.id)).toMatchObject({ platforms: ['mobile'], voiceChannelId: lounge.id });
  });

  it('is told to a d-zone client as far as it has pictures for it', async () => {
    const { guild, general, lounge, bob } = world;
    await zone.settled();
    const before = zone.frames.length;
    const events = await told(() => {
      const { id } = guild.say({ channelId: general.id, authorId: bob.id, content: 'once' });
      guild.talk.edit(id, 'twice');
      guild.talk.type(bob.id, general.id);
      guild.talk.delete(id);
      guild.updateChannel(lounge.id, { name: 'Lounge' });
    });
    expect(events).toHaveLength(5);
    await vi.waitFor(() => expect(zone.frames.at(-1)?.data.message).toBe('until here'), patience);
    expect(zone.frames.slice(before).map(({ type, data }) => [type, data.message])).toEqual([
      ['message', 'once'],
      ['message', 'until here'],
    ]);
  });

  it('stays in Discord where not everybody may see it, and stops at once where they may no longer', async () => {
    const { guild, secret, vault, closed, alice, bob } = world;
    const porch = guild.addChannel({ name: 'porch' });
    const say = (channelId: string, content: string) => guild.say({ channelId, authorId: alice.id, content }).id;
    const events = await told(() => {
      const written = say(secret.id, mark);
      guild.talk.edit(written, `${mark}, edited`);
      guild.talk.type(alice.id, secret.id);
      guild.talk.delete(written);
      guild.voice.move(alice.id, vault.id);
      guild.updateChannel(secret.id, { name: `${mark}-renamed` });
      const shown = say(porch.id, 'shown');
      guild.updateChannel(porch.id, { overwrites: closed });
      guild.talk.edit(shown, mark);
      guild.talk.type(bob.id, porch.id);
      guild.talk.delete(shown, say(porch.id, mark));
      guild.removeChannel(porch.id);
    });
    expect(events.map(({ type }) => type)).toEqual(['channel.created', 'message.created', 'channel.deleted']);
    const everything = [socket.events, stream.events, stream.snapshot, zone.frames, [...room.guild!.channels]];
    expect(JSON.stringify(everything)).not.toContain(mark);
    expect(JSON.stringify(everything)).not.toContain(vault.id);
    expect(guildcast.output()).not.toContain(mark);
  });
});

describe('a guild that nobody chose', () => {
  it('tells nothing of all that', async () => {
    const discord = await FakeDiscord.start();
    const { guild, general, lounge, alice } = populate(discord);
    const chosen = discord.addGuild({ name: 'Chosen' });
    const square = chosen.addChannel({ name: 'square' });
    const env = { DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl, GUILDS: chosen.id };
    const guildcast = await startGuildcast({ env });
    const client = connect(guildcast.url);
    try {
      const heard: DomainEvent[] = [];
      const room = client.join(chosen.id, undefined);
      room.on('event', (event) => heard.push(event));
      await vi.waitFor(() => expect(room.status.name).toBe('live'), patience);
      const { id } = guild.say({ channelId: general.id, authorId: alice.id, content: mark });
      guild.talk.edit(id, `${mark}!`);
      guild.talk.type(alice.id, general.id);
      guild.talk.delete(id);
      guild.voice.move(alice.id, lounge.id);
      guild.addChannel({ name: mark });
      chosen.talk.type(discord.botUser.id, square.id);
      await vi.waitFor(() => expect(heard.map(({ type }) => type)).toContain('typing.started'), patience);
      expect(new Set(heard.map(({ guildId }) => guildId))).toEqual(new Set([chosen.id]));
      expect(guildcast.output()).not.toContain(mark);
      expect((await fetch(`${guildcast.url}/api/v1/guilds/${guild.id}`)).status).toBe(404);
    } finally {
      client.close();
      await guildcast.stop();
      await discord.stop();
    }
  }, 60_000);
});

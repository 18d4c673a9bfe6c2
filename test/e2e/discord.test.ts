import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { FakeDiscord, type FakeGuild } from '../../src/testing/fake-discord/index.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

const everyone = { viewChannel: 1n << 10n };
const publishKey = 'publish-key-for-tests';

/** A guild with a person of each kind, an open channel, a private one and an NSFW one. */
function populate(discord: FakeDiscord) {
  const guild = discord.addGuild({ name: 'Café Röyale' });
  const red = guild.addRole({ name: 'red', color: 0xff0000, position: 2 });
  const general = guild.addChannel({ name: 'general' });
  const secret = guild.addChannel({
    name: 'secret',
    overwrites: [{ id: guild.id, type: 0, allow: 0n, deny: everyone.viewChannel }],
  });
  const nsfw = guild.addChannel({ name: 'nsfw', nsfw: true });
  const alice = guild.addMember({ username: 'alice', nick: 'Alice in Chains', roles: [red.id], status: 'online' });
  const bob = guild.addMember({ username: 'bob', status: 'dnd' });
  return { guild, general, secret, nsfw, alice, bob };
}

describe('a real Discord client on the gateway', () => {
  let discord: FakeDiscord;
  let world: ReturnType<typeof populate>;
  let guildcast: GuildcastProcess;
  let client: SocketIoClient;

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    world = populate(discord);
    guildcast = await startGuildcast({
      env: {
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        GUILDS: '*',
        API_KEYS: `publish=${publishKey}`,
      },
    });
    await discord.waitForSession({ timeout: 15_000 });
    client = await SocketIoClient.open(guildcast.url);
    await vi.waitFor(
      async () => expect((await client.ask('join', { guildId: world.guild.id })).snapshot).not.toBeNull(),
      { timeout: 10_000, interval: 100 },
    );
  });
  afterAll(async () => {
    client.close();
    await guildcast.stop();
    await discord.stop();
  });

  async function eventAfter(act: () => unknown, type: DomainEvent['type']): Promise<DomainEvent> {
    const before = client.events.length;
    act();
    return vi.waitFor(
      () => {
        const found = client.events.slice(before).find((event) => event.type === type);
        if (!found)
          throw new Error(
            `no ${type}; got ${client.events
              .slice(before)
              .map((event) => event.type)
              .join()}`,
          );
        return found;
      },
      { timeout: 5_000 },
    );
  }

  it('shows the guild with its people, their status, names and colours, under a short name', async () => {
    const answer = await client.ask('join', { guildId: 'cafe-royale' });
    const members = new Map(answer.snapshot?.members.map((member) => [member.id, member]));
    expect(members.get(world.alice.id)).toMatchObject({
      username: 'alice',
      displayName: 'Alice in Chains',
      roleColor: '#ff0000',
      status: 'online',
      bot: false,
    });
    expect(members.get(world.bob.id)).toMatchObject({ status: 'dnd', roleColor: '#99aab5' });
    expect(members.get(discord.botUser.id)).toMatchObject({ bot: true });
    expect(answer.snapshot).toMatchObject({ source: 'discord-gateway', partial: [], guild: { alias: 'cafe-royale' } });
  });

  it('carries presences, joins, leaves, new names and messages into the room', async () => {
    const { guild, alice, general } = world;
    expect((await eventAfter(() => guild.setPresence(alice.id, 'idle'), 'presence.updated')).data).toMatchObject({
      member: { id: alice.id },
      status: 'idle',
      previous: 'online',
    });
    const carol = await eventAfter(() => guild.addMember({ username: 'carol', status: 'online' }), 'member.joined');
    const { member } = carol.data as { member: { id: string } };
    expect(
      (await eventAfter(() => guild.updateMember(member.id, { nick: 'C.' }), 'member.updated')).data,
    ).toMatchObject({
      member: { displayName: 'C.' },
      previous: { displayName: 'carol' },
    });
    const said = () => guild.say({ channelId: general.id, authorId: alice.id, content: `hi <@${member.id}>` });
    expect((await eventAfter(said, 'message.created')).data).toMatchObject({
      content: 'hi @C.',
      channelName: 'general',
      author: { id: alice.id, displayName: 'Alice in Chains', roleColor: '#ff0000' },
    });
    expect((await eventAfter(() => guild.removeMember(member.id), 'member.left')).data).toMatchObject({
      member: { id: member.id },
    });
  });

  it('lets nothing out of channels that not everybody may read', async () => {
    const { guild, secret, nsfw, general, alice } = world;
    const mark = 'nothing-to-see-here';
    guild.say({ channelId: secret.id, authorId: alice.id, content: mark });
    guild.say({ channelId: nsfw.id, authorId: alice.id, content: mark });
    await eventAfter(
      () => guild.say({ channelId: general.id, authorId: alice.id, content: 'after' }),
      'message.created',
    );
    expect(JSON.stringify(client.events)).not.toContain(mark);
    expect(guildcast.output()).not.toContain(mark);
  });

  it('draws the guild for a d-zone client, as its default', async () => {
    const zone = await WebSocketClient.open(guildcast.url);
    zone.connect({ server: null });
    const { data } = await zone.nextOf('server-join');
    expect(data.serverName).toBe('Café Röyale');
    world.guild.setPresence(world.bob.id, 'online');
    expect((await zone.nextOf('presence')).data).toMatchObject({
      uid: world.bob.id,
      status: 'online',
      username: 'bob',
    });
    await zone.close();
  });

  it('brings a notification posted over HTTP to a person as a direct message, once', async () => {
    const { id: userId } = discord.addUser({ username: 'operator' });
    const post = () =>
      fetch(`${guildcast.url}/api/v1/notifications`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${publishKey}`,
          'idempotency-key': 'backup-2026-01-01',
        },
        body: JSON.stringify({
          target: { userId },
          type: 'backup_error',
          payload: { error_type: 'backup_compression', error_message: 'disk full', codespace_name: 'my-space' },
          guildId: world.guild.id,
        }),
      });
    const delivered = eventAfter(() => undefined, 'notification.delivered');
    const [first, again] = await Promise.all([post(), post()]);
    expect([first.status, again.status]).toEqual([202, 202]);
    const { id, links } = (await first.json()) as { id: string; links: { self: string } };
    expect(await again.json()).toMatchObject({ id });
    const sent = await discord.waitForSent((message) => message.userId === userId, { timeout: 5_000 });
    expect(sent.embeds[0]).toMatchObject({ title: '📦 Error en Compresión de Backup', color: 0xff0000 });
    expect(sent.allowedMentions).toEqual({ parse: [] });
    expect(sent.enforceNonce).toBe(true);
    expect((await delivered).data).toMatchObject({ id, target: 'user' });
    const status = await fetch(guildcast.url + links.self, { headers: { authorization: `Bearer ${publishKey}` } });
    expect(await status.json()).toMatchObject({ state: 'delivered', attempts: [{ attempt: 1, outcome: 'sent' }] });
    expect(discord.sent.filter((message) => message.userId === userId)).toHaveLength(1);
  });

  it('outlives an outage of Discord, and nobody stays online who went offline meanwhile', async () => {
    await discord.goDown();
    await vi.waitFor(
      async () => {
        const response = await fetch(`${guildcast.url}/readyz`);
        expect(response.status).toBe(200);
        expect(await response.json()).toMatchObject({ status: 'degraded', checks: { discord: { state: 'degraded' } } });
      },
      { timeout: 10_000, interval: 100 },
    );
    world.guild.setPresence(world.bob.id, 'offline');
    const gone = eventAfter(() => undefined, 'presence.updated').catch(() => undefined);
    await discord.comeBack();
    await vi.waitFor(
      () => {
        const last = client.events.filter(
          (event) => event.type === 'presence.updated' && event.data.member.id === world.bob.id,
        );
        expect(last.at(-1)?.data).toMatchObject({ status: 'offline' });
      },
      { timeout: 30_000, interval: 100 },
    );
    await gone;
    await vi.waitFor(
      async () => expect(await (await fetch(`${guildcast.url}/readyz`)).json()).toMatchObject({ status: 'ready' }),
      { timeout: 10_000, interval: 100 },
    );
  }, 60_000);

  it('says its token nowhere', () => {
    expect(guildcast.output()).not.toContain(discord.token);
    expect(guildcast.output()).not.toContain(publishKey);
    expect(JSON.stringify(client.events)).not.toContain(discord.token);
  });
});

describe('privacy without GUILDS', () => {
  it('shows nothing of a real guild, and tells the operator which line to set', async () => {
    const discord = await FakeDiscord.start();
    const { guild, alice, general } = populate(discord);
    const guildcast = await startGuildcast({ env: { DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl } });
    try {
      await vi.waitFor(() => expect(guildcast.output()).toContain(`GUILDS=${guild.id}`), { timeout: 15_000 });
      expect(guildcast.output()).toContain('Café Röyale');
      const client = await SocketIoClient.open(guildcast.url);
      const zone = await WebSocketClient.open(guildcast.url);
      zone.connect({ server: null });
      expect((await zone.next()).data).toEqual({});
      expect((await zone.next()).data).toMatchObject({ users: {} });
      guild.say({ channelId: general.id, authorId: alice.id, content: 'unheard' });
      guild.setPresence(alice.id, 'dnd');
      expect((await client.ask('join', { guildId: guild.id })).error?.code).toBe('guild.not_found');
      expect(await client.ask<object>('guilds', {})).toEqual({ guilds: [] });
      expect((await fetch(`${guildcast.url}/api/v1/guilds/${guild.id}`)).status).toBe(404);
      expect(await (await fetch(`${guildcast.url}/api/v1/guilds`)).json()).toEqual({ guilds: [] });
      expect(JSON.stringify(await zone.settled())).not.toContain(guild.id);
      client.close();
      await zone.close();
    } finally {
      await guildcast.stop();
      await discord.stop();
    }
  }, 40_000);
});

describe('Discord being down at the start', () => {
  it('does not keep the app from starting, and a waiting d-zone client is let in when the guild appears', async () => {
    const discord = await FakeDiscord.start();
    const guild: FakeGuild = populate(discord).guild;
    await discord.goDown();
    const env = { DISCORD_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl, GUILDS: guild.id };
    const guildcast = await startGuildcast({ env });
    try {
      const zone = await WebSocketClient.open(guildcast.url);
      zone.connect({ server: null });
      expect((await zone.nextOf('server-join')).data).toMatchObject({ users: {}, request: { server: 'default' } });
      await discord.comeBack();
      const { data } = await zone.nextOf('server-join', 30_000);
      expect(data).toMatchObject({ serverName: 'Café Röyale', request: { server: 'default' } });
      expect(zone.frames.filter(({ type }) => type === 'server-list')).toHaveLength(1);
      await zone.close();
    } finally {
      await guildcast.stop();
      await discord.stop();
    }
  }, 60_000);

  it('says in one sentence what a wrong token needs, and goes on serving', async () => {
    const discord = await FakeDiscord.start();
    const guildcast = await startGuildcast({
      env: { DISCORD_TOKEN: 'a-token-discord-never-gave', DISCORD_API_URL: discord.apiUrl, GUILDS: '*' },
    });
    try {
      await vi.waitFor(() => expect(guildcast.output()).toContain('DISCORD_TOKEN'), { timeout: 15_000 });
      expect((await fetch(`${guildcast.url}/readyz`)).status).toBe(200);
      expect(guildcast.output()).not.toContain('a-token-discord-never-gave');
    } finally {
      await guildcast.stop();
      await discord.stop();
    }
  }, 30_000);
});

import { PermissionFlagsBits } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { domainEvents } from '../../../src/domain/events/index.js';
import { member as memberShape } from '../../../src/domain/member.js';
import { FakeDiscord } from '../../../src/testing/fake-discord/index.js';
import { DiscordApp, deadline } from './discord-app.js';
import { settings, token, town } from './discord-town.js';

describe('a guild that is shown', () => {
  let discord: FakeDiscord;
  let app: DiscordApp;
  let place: ReturnType<typeof town>;

  beforeAll(async () => {
    discord = await FakeDiscord.start({ token });
    place = town(discord);
    app = await DiscordApp.start(settings(discord));
    await app.status.settled();
  });
  afterAll(async () => {
    await app.close();
    await discord.stop();
  });
  beforeEach(() => {
    app.events.length = 0;
  });

  it('is ready, and known as soon as it says so', () => {
    expect(app.status.current()).toEqual({ state: 'ready', missingIntents: [] });
    expect(app.status.hiddenGuilds()).toEqual([]);
    expect(app.guilds.list()).toEqual([{ id: place.guild.id, name: 'Town', iconUrl: null }]);
  });

  it('is complete in its snapshot', () => {
    const snapshot = app.guilds.snapshot(place.guild.id);
    expect(snapshot?.partial).toEqual([]);
    for (const one of snapshot!.members) memberShape.parse(one);
    const byName = new Map(snapshot!.members.map((one) => [one.username, one]));
    expect(byName.size).toBe(4);
    expect(byName.get('ada')).toMatchObject({
      id: place.ada.id,
      displayName: 'Countess',
      roleColor: '#ff0000',
      status: 'online',
      activities: [{ type: 'playing', name: 'Chess', details: 'endgame' }],
      bot: false,
    });
    expect(new Set(byName.get('ada')!.roleIds)).toEqual(new Set([place.green.id, place.red.id, place.plain.id]));
    expect(byName.get('bob')).toMatchObject({ displayName: 'Bobby', status: 'offline', roleColor: '#99aab5' });
    expect(byName.get('robot')).toMatchObject({ bot: true, status: 'dnd' });
    expect(app.guilds.snapshot('123456789012345678')).toBeUndefined();
  });

  it('tells a changed presence once, with the one before', async () => {
    place.guild.setPresence(place.bob.id, 'idle', [{ name: 'Bach', type: 2 }]);
    const event = await app.waitFor('presence.updated');
    expect(event).toMatchObject({
      guildId: place.guild.id,
      data: {
        member: { id: place.bob.id, username: 'bob', displayName: 'Bobby', roleColor: '#99aab5' },
        status: 'idle',
        previous: 'offline',
        activities: [{ type: 'listening', name: 'Bach' }],
      },
    });
    // The same again is no news; what follows it proves that it was seen.
    place.guild.setPresence(place.bob.id, 'idle', [{ name: 'Bach', type: 2 }]);
    place.guild.setPresence(place.bob.id, 'offline');
    await app.waitFor('presence.updated', ({ data }) => data.status === 'offline');
    expect(app.events).toHaveLength(2);
    expect(app.of('presence.updated')[1]?.data.previous).toBe('idle');
  });

  it('tells who joins, changes and leaves', async () => {
    const { user } = place.guild.addMember({ username: 'newcomer', status: 'online' });
    await app.waitFor('member.joined', ({ data }) => data.member.id === user.id);
    await app.waitFor('presence.updated', ({ data }) => data.member.id === user.id && data.status === 'online');

    place.guild.updateMember(user.id, { nick: 'Neo', roles: [place.green.id] });
    const { data } = await app.waitFor('member.updated');
    expect(data.previous).toEqual({ displayName: 'newcomer', roleColor: '#99aab5', roleIds: [] });
    expect(data.member).toMatchObject({ displayName: 'Neo', roleColor: '#00ff00', status: 'online' });

    place.guild.removeMember(user.id);
    const left = await app.waitFor('member.left');
    expect(left.data.member).toEqual({ id: user.id, username: 'newcomer', displayName: 'Neo', roleColor: '#00ff00' });
    expect(app.guilds.snapshot(place.guild.id)!.members.some(({ id }) => id === user.id)).toBe(false);
  });

  it('tells what changed when a user takes another name, or a role another colour', async () => {
    discord.updateUser(place.bob.id, { globalName: 'Robert' });
    const renamed = await app.waitFor('member.updated', ({ data }) => data.member.id === place.bob.id);
    expect(renamed.data.previous).toEqual({ displayName: 'Bobby' });

    place.guild.updateRole(place.red.id, { color: 0xff8800 });
    const recolored = await app.waitFor('member.updated', ({ data }) => data.member.id === place.ada.id);
    expect(recolored.data.previous).toEqual({ roleColor: '#ff0000' });
    expect(recolored.data.member.roleColor).toBe('#ff8800');
  });

  it('tells what people and bots write, with names for ids', async () => {
    place.guild.say({
      channelId: place.general.id,
      authorId: place.robot.id,
      content: `hello <@${place.ada.id}>, <@&${place.green.id}>, <#${place.general.id}>`,
      attachments: 2,
    });
    const event = await app.waitFor('message.created');
    expect(event.data).toMatchObject({
      channelId: place.general.id,
      channelName: 'general',
      author: { id: place.robot.id, username: 'robot', bot: true },
      content: 'hello @Countess, @green, #general',
      attachments: 2,
    });
  });

  it('keeps to itself what not everyone may read', async () => {
    const deny = [{ id: place.guild.id, type: 0 as const, deny: PermissionFlagsBits.ViewChannel }];
    const staff = place.guild.addChannel({ name: 'staff', overwrites: deny });
    const nsfw = place.guild.addChannel({ name: 'nsfw', nsfw: true });
    const voice = place.guild.addChannel({ name: 'voice', type: 2 });
    const thread = place.guild.addChannel({ name: 'private-thread', type: 12, parentId: place.general.id });
    const nsfwThread = place.guild.addChannel({ name: 'nsfw-thread', type: 11, parentId: nsfw.id });
    for (const { id } of [staff, nsfw, voice, thread, nsfwThread]) {
      place.guild.say({ channelId: id, authorId: place.ada.id, content: 'hidden' });
    }
    discord.sayToBot({ authorId: place.ada.id, content: 'hidden' });
    place.guild.say({ channelId: place.general.id, authorId: place.ada.id, content: `see <#${staff.id}>` });
    const event = await app.waitFor('message.created');
    expect(event.data.content).toBe('see #unknown');
    expect(app.of('message.created')).toHaveLength(1);
    expect(JSON.stringify(app.events)).not.toMatch(/hidden|staff|nsfw/);
  });

  it('judges each message by what its channel was when it was written', async () => {
    const lounge = place.guild.addChannel({ name: 'lounge' });
    place.guild.say({ channelId: lounge.id, authorId: place.ada.id, content: 'one' });
    place.guild.updateChannel(lounge.id, {
      overwrites: [{ id: place.guild.id, type: 0, deny: PermissionFlagsBits.ViewChannel }],
    });
    place.guild.say({ channelId: lounge.id, authorId: place.ada.id, content: 'two' });
    place.guild.updateChannel(lounge.id, { overwrites: [] });
    place.guild.say({ channelId: lounge.id, authorId: place.ada.id, content: 'three' });
    await app.waitFor('message.created', ({ data }) => data.content === 'three');
    expect(app.of('message.created').map(({ data }) => data.content)).toEqual(['one', 'three']);
  });

  it('tells its new name, its absence and its return', async () => {
    place.guild.update({ name: 'City' });
    expect((await app.waitFor('guild.updated')).data.guild).toEqual({ name: 'City', iconUrl: null });
    place.guild.setUnavailable();
    await app.waitFor('guild.unavailable');
    expect(app.guilds.snapshot(place.guild.id)?.members).not.toHaveLength(0);
    app.events.length = 0;
    place.guild.setAvailable();
    await app.waitFor('guild.updated');
    expect(app.events).toHaveLength(1);
  });

  it('is known when the bot comes into it, and gone when the bot is thrown out', async () => {
    const village = discord.addGuild({ name: 'Village' });
    await app.waitFor('guild.updated', ({ guildId }) => guildId === village.id);
    expect(app.guilds.list().map(({ name }) => name)).toContain('Village');
    discord.removeGuild(village.id);
    await app.waitFor('guild.removed', ({ guildId }) => guildId === village.id);
    expect(app.guilds.snapshot(village.id)).toBeUndefined();
  });

  it('says all of it in the shapes of the domain', async () => {
    place.guild.setPresence(place.ada.id, 'dnd');
    place.guild.say({ channelId: place.general.id, authorId: place.ada.id, content: 'x' });
    await app.waitFor('message.created');
    for (const event of app.events) domainEvents[event.type].parse(event.data);
    expect(app.events.length).toBeGreaterThanOrEqual(2);
  });
});

describe('guilds that nobody chose', () => {
  it('are hidden altogether, and named for the operator alone', async () => {
    const discord = await FakeDiscord.start({ token });
    const chosen = town(discord);
    const other = discord.addGuild({ name: 'Elsewhere' });
    const channel = other.addChannel({ name: 'general' });
    const eve = other.addMember({ username: 'eve', status: 'online' }).user;
    const none = await DiscordApp.start(settings(discord, { GUILDS: '' }));
    const one = await DiscordApp.start(settings(discord, { GUILDS: chosen.guild.id }));
    try {
      await Promise.all([none.status.settled(), one.status.settled()]);
      expect(none.guilds.list()).toEqual([]);
      expect(none.guilds.snapshot(chosen.guild.id)).toBeUndefined();
      expect(none.status.hiddenGuilds()).toHaveLength(2);
      expect(one.status.hiddenGuilds()).toEqual([{ id: other.id, name: 'Elsewhere' }]);

      other.say({ channelId: channel.id, authorId: eve.id, content: 'hidden' });
      other.setPresence(eve.id, 'dnd');
      other.addMember({ username: 'mallory' });
      other.update({ name: 'Nowhere' });
      chosen.guild.say({ channelId: chosen.general.id, authorId: chosen.ada.id, content: 'shown' });
      await one.waitFor('message.created');
      expect(new Set(one.events.map(({ guildId }) => guildId))).toEqual(new Set([chosen.guild.id]));
      await vi.waitFor(() => expect(none.status.hiddenGuilds()).toContainEqual({ id: other.id, name: 'Nowhere' }));
      expect(none.events).toEqual([]);
    } finally {
      await Promise.all([none.close(), one.close()]);
      await discord.stop();
    }
  });
});

describe('a large guild', () => {
  it('is asked for its offline members once', async () => {
    const discord = await FakeDiscord.start({ token });
    const guild = discord.addGuild({ name: 'Metropolis' });
    for (let n = 0; n < 1200; n += 1)
      guild.addMember({ username: `citizen${n}`, status: n < 3 ? 'online' : 'offline' });
    const app = await DiscordApp.start(settings(discord));
    try {
      await app.status.settled();
      await vi.waitFor(
        () => {
          const snapshot = app.guilds.snapshot(guild.id);
          expect(snapshot?.members).toHaveLength(1201);
          expect(snapshot?.partial).toEqual([]);
        },
        { timeout: deadline },
      );
      const online = app.guilds.snapshot(guild.id)!.members.filter(({ status }) => status !== 'offline');
      expect(online).toHaveLength(4);
      // Nobody joined: they were there before, only unknown.
      expect(app.of('member.joined')).toEqual([]);
    } finally {
      await app.close();
      await discord.stop();
    }
  });
});

describe('without a token', () => {
  it('is off, and says so to whoever wants to send', async () => {
    const app = await DiscordApp.start({ GUILDS: '*' });
    await app.status.settled();
    expect(app.status.current()).toEqual({ state: 'off', missingIntents: [] });
    expect(app.guilds.list()).toEqual([]);
    expect(await app.sender.sendToUser('123456789012345678', { content: 'x' }, 'n')).toMatchObject({
      kind: 'retry',
      burnsAttempt: false,
      reason: expect.stringContaining('DISCORD_TOKEN') as string,
    });
    await app.close();
  });
});

import { describe, expect, it, vi } from 'vitest';
import { FakeDiscord, type FakeGuild } from '../../../src/testing/fake-discord/index.js';
import { DiscordApp, deadline } from '../../integration/discord/discord-app.js';
import { settings, token, town } from '../../integration/discord/discord-town.js';
import { SocketIoClient } from '../../support/socket-io-client.js';
import { startTestApp } from '../../support/test-app.js';
import { DiscordBench } from './discord-bench.js';

/** Adds `count` people, the first `online` of them online, and answers their ids. */
function crowd(guild: FakeGuild, count: number, online = 3): string[] {
  return Array.from(
    { length: count },
    (_, n) => guild.addMember({ username: `citizen${n}`, status: n < online ? 'online' : 'offline' }).id,
  );
}

const wholeRequests = (discord: FakeDiscord, guild: FakeGuild): number =>
  discord.memberRequests.filter(({ guildId, query }) => guildId === guild.id && query === '').length;

describe.concurrent('a large guild', () => {
  it('is whole when its chunks come in any order, and is asked for once', async () => {
    const bench = await DiscordBench.open({
      prepare: (discord, { guild }) => {
        crowd(guild, 2500);
        // The last chunk is the one that is not full.
        discord.spoilNextChunks((chunks) => [...chunks].reverse());
      },
    });
    try {
      const { app, discord, place } = bench;
      await app.status.settled();
      await vi.waitFor(() => expect(bench.snapshot.partial).toEqual([]), { timeout: deadline });
      expect(bench.snapshot.members).toHaveLength(2504);
      expect(bench.snapshot.members.filter(({ status }) => status !== 'offline')).toHaveLength(6);
      expect(wholeRequests(discord, place.guild)).toBe(1);
      expect(app.of('member.joined')).toEqual([]);
      expect(app.of('member.left')).toEqual([]);
    } finally {
      await bench.close();
    }
  });

  it('is asked for again when Discord answers that it is too early', async () => {
    const bench = await DiscordBench.open({
      discord: { memberRequestInterval: 3_000 },
      prepare: (_, { guild }) => crowd(guild, 300),
    });
    const { app, discord, place } = bench;
    const other = await DiscordApp.start(settings(discord));
    try {
      await Promise.all([app.status.settled(), other.status.settled()]);
      for (const one of [app, other]) {
        await vi.waitFor(
          () => {
            expect(one.guilds.snapshot(place.guild.id)!.partial).toEqual([]);
            expect(one.guilds.snapshot(place.guild.id)!.members).toHaveLength(304);
          },
          { timeout: deadline },
        );
      }
      // One of the two came too early.
      expect(wholeRequests(discord, place.guild)).toBe(3);
    } finally {
      await other.close();
      await bench.close();
    }
  });

  it('stays partial while chunks are missing, and is caught up with after a session that broke off amid them', async () => {
    const ids: string[] = [];
    const bench = await DiscordBench.open({
      prepare: (discord, { guild }) => {
        ids.push(...crowd(guild, 1500, 5));
        discord.spoilNextChunks((chunks) => chunks.slice(0, 1));
      },
    });
    const { app, discord, place } = bench;
    try {
      await app.status.settled();
      await vi.waitFor(() => expect(wholeRequests(discord, place.guild)).toBe(1), { timeout: deadline });
      place.guild.setPresence(ids[0]!, 'dnd');
      await app.waitFor('presence.updated', ({ data }) => data.status === 'dnd');
      expect(bench.snapshot.partial).toEqual(['members']);

      await discord.goDown();
      discord.dropSessions({ resumable: false });
      place.guild.setPresence(ids[0]!, 'offline');
      place.guild.removeMember(ids[1]!);
      place.guild.setPresence(ids[700]!, 'idle');
      await discord.comeBack();
      await app.waitFor('presence.updated', ({ data }) => data.member.id === ids[0] && data.status === 'offline');
      await vi.waitFor(() => expect(bench.snapshot.partial).toEqual([]), { timeout: 50_000 });
      expect(bench.snapshot.members).toHaveLength(1503);
      expect(bench.entry(ids[0]!)).toMatchObject({ status: 'offline', activities: [] });
      expect(bench.entry(ids[1]!)).toBeUndefined();
      expect(bench.entry(ids[700]!)).toMatchObject({ status: 'idle' });
      expect(app.of('member.left').map(({ data }) => data.member.id)).toEqual([ids[1]]);
      expect(app.of('member.joined')).toEqual([]);
    } finally {
      await bench.close();
    }
  }, 90_000);

  it('is not asked for again when visitors come', async () => {
    const discord = await FakeDiscord.start({ token });
    const place = town(discord);
    crowd(place.guild, 300);
    const guildcast = await startTestApp(settings(discord));
    try {
      const visitors = await Promise.all(Array.from({ length: 20 }, () => SocketIoClient.open(guildcast.url)));
      const join = (visitor: SocketIoClient) => visitor.ask('join', { guildId: place.guild.id });
      await vi.waitFor(async () => expect((await join(visitors[0]!)).snapshot?.members).toHaveLength(304), {
        timeout: deadline,
      });
      const answers = await Promise.all(visitors.map(join));
      expect(answers.every(({ snapshot }) => snapshot?.members.length === 304)).toBe(true);
      place.guild.setPresence(place.bob.id, 'dnd');
      await vi.waitFor(() => expect(visitors[19]!.events.at(-1)).toMatchObject({ type: 'presence.updated' }));
      expect(wholeRequests(discord, place.guild)).toBe(1);
      for (const visitor of visitors) visitor.close();
    } finally {
      await guildcast.close();
      await discord.stop();
    }
  });
});

describe.concurrent('partial members', () => {
  it('someone of whom nothing is known comes online in a guild that is not whole yet', async () => {
    let ids: string[] = [];
    const bench = await DiscordBench.open({
      prepare: (discord, { guild }) => {
        ids = crowd(guild, 300);
        guild.updateMember(ids[200]!, { nick: 'The Mayor' });
        // The question for all members stays open.
        discord.spoilNextChunks(() => []);
      },
    });
    const { app, discord, place } = bench;
    try {
      await app.status.settled();
      expect(bench.entry(ids[200]!)).toBeUndefined();
      for (const id of ids.slice(200, 210)) place.guild.setPresence(id, 'online', [{ name: 'Go' }]);
      const seen = await app.waitFor('presence.updated', ({ data }) => data.member.id === ids[209]);
      expect(seen.data).toMatchObject({ status: 'online', previous: null, activities: [{ name: 'Go' }] });
      expect(bench.entry(ids[200]!)).toMatchObject({ displayName: 'The Mayor', status: 'online' });
      // They were members before, and came in one question.
      expect(app.of('member.joined')).toEqual([]);
      expect(discord.memberRequests.filter(({ userIds }) => userIds !== undefined)).toMatchObject([
        { userIds: ids.slice(200, 210) },
      ]);
      expect(bench.snapshot.partial).toEqual(['members']);
    } finally {
      await bench.close();
    }
  });

  it('an unknown member of one guild whom another guild knows is not shown without nickname and roles', async () => {
    let id = '';
    let red = '';
    const bench = await DiscordBench.open({
      discord: { intents: { members: false } },
      prepare: (discord, { ada }) => {
        const village = discord.addGuild({ name: 'Village' });
        red = village.addRole({ name: 'red', color: 0xff0000 }).id;
        id = village.id;
        return ada;
      },
    });
    const { app, discord, place } = bench;
    try {
      await app.status.settled();
      const village = discord.guild(id)!;
      village.addMember({ id: place.ada.id, username: 'ada', nick: 'Lovelace', roles: [red], status: 'online' });
      await app.waitFor('member.joined', ({ guildId }) => guildId === id);
      const told = app.events.filter(({ guildId, type }) => guildId === id && type !== 'guild.updated');
      expect(told).toMatchObject([
        { type: 'member.joined', data: { member: { displayName: 'Lovelace', roleColor: '#ff0000' } } },
      ]);
    } finally {
      await bench.close();
    }
  });

  it('@everyone among a member’s roles is no role of theirs', async () => {
    const bench = await DiscordBench.open({
      prepare: (_, { guild, bob, red }) => guild.updateMember(bob.id, { roles: [guild.id, red.id] }),
    });
    const { app, place } = bench;
    try {
      await app.status.settled();
      expect(bench.entry(place.bob.id)).toMatchObject({ roleIds: [place.red.id], roleColor: '#ff0000' });
      place.guild.updateMember(place.bob.id, { roles: [place.guild.id] });
      const { data } = await app.waitFor('member.updated');
      expect(data.member.roleIds).toEqual([]);
    } finally {
      await bench.close();
    }
  });
});

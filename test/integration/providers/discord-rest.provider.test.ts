import { describe, expect, it } from 'vitest';
import { DiscordGatewayProvider } from '../../../src/providers/discord-gateway.provider.js';
import { readSnapshot } from '../../../src/providers/read-snapshot.js';
import { DiscordApp } from '../discord/discord-app.js';
import { asked, membersRoute, serveGuild, token, useRestSource, wireMember } from './discord-rest-bench.js';
import { faultOf } from './source-parts.js';

const bench = useRestSource();

const members = /\/members$/;

describe('the source discord-rest', () => {
  it('tells of a guild what the gateway tells, but for presences', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town', icon: 'a_0123456789abcdef0123456789abcdef' });
    const tied = [1, 2].map((n) => guild.addRole({ name: `tied ${n}`, color: 0x001100 * n, position: 7 }).id);
    const red = guild.addRole({ name: 'red', color: 0xff0000, position: 3 }).id;
    const plain = guild.addRole({ name: 'plain', position: 12 }).id;
    guild.addMember({
      username: 'ada',
      nick: 'Countess',
      globalName: 'Ada',
      roles: [plain, red, ...tied],
      status: 'online',
    });
    guild.addMember({
      username: 'bob',
      globalName: 'Bobby',
      roles: [red],
      avatar: 'a_aabbccddeeff00112233445566778899',
    });
    guild.addMember({ username: 'eve', roles: [plain], avatar: '00112233445566778899aabbccddeeff', status: 'dnd' });
    guild.addMember({ username: 'robot', bot: true });
    guild.addMember({ username: 'old', id: '80351110224678912', joinedAt: '2016-04-30T11:18:25.796Z' });
    const app = await DiscordApp.start(
      { DISCORD_TOKEN: token, DISCORD_API_URL: discord.apiUrl, GUILDS: '*' },
      { gateway: true, rest: true },
    );
    try {
      await app.status.settled();
      const live = await new DiscordGatewayProvider(app.guilds).loadGuild(guild.id);
      const { provider } = bench.source(discord.apiUrl);
      const raw = await provider.loadGuild(guild.id);
      expect(raw).toEqual(await app.restGuilds.read(guild.id));
      const { snapshot, repairs } = readSnapshot(raw, guild.id, 100);
      expect([...repairs]).toEqual([]);
      expect(snapshot.guild).toEqual(live!.guild);
      expect(snapshot.partial).toEqual(['presence']);
      const offline = (live!.members as readonly { platforms?: unknown }[]).map(({ platforms: _, ...one }) => ({
        ...one,
        status: 'offline',
        activities: [],
      }));
      expect(new Set(snapshot.members)).toEqual(new Set(offline));
      expect(snapshot.members.find(({ username }) => username === 'ada')).toMatchObject({ roleColor: '#001100' });
      expect(await provider.listGuilds()).toEqual([live!.guild]);
    } finally {
      await app.close();
    }
  });

  it('reads what the fake cannot tell: pictures of one guild, numbers behind names, roles that are gone', async () => {
    const server = await bench.server();
    const id = '300000000000000001';
    serveGuild(server, id);
    const [green, blue] = ['300000000000000011', '300000000000000012'];
    server.json(`/v10/guilds/${id}`, {
      id,
      name: 'Town',
      icon: null,
      roles: [
        { id, name: '@everyone', position: 0, color: 0 },
        { id: green, position: 1, color: 1, colors: { primary_color: 0x00ff00, secondary_color: null } },
        { id: blue, position: 2, color: 0x0000ff },
      ],
    });
    const own = wireMember('310000000000000001', { avatar: 'cc', roles: [id, green, green, '300000000000000099'] });
    const numbered = wireMember('310000000000000002', { roles: [blue, green], joined_at: null });
    Object.assign((numbered as { user: object }).user, { discriminator: '1234', bot: true });
    server.json(membersRoute(id), [own, numbered]);
    const { provider } = bench.source(server.url);
    expect(await provider.listGuilds()).toEqual([{ id, name: 'Town', iconUrl: null }]);
    expect(await provider.loadGuild(id)).toMatchObject({
      guild: { id, name: 'Town', iconUrl: null },
      members: [
        {
          avatarUrl: `https://cdn.discordapp.com/guilds/${id}/users/310000000000000001/avatars/cc.png?size=128`,
          roleIds: [green],
          roleColor: '#00ff00',
          bot: false,
          joinedAt: '2024-01-02T03:04:05.678Z',
        },
        {
          avatarUrl: 'https://cdn.discordapp.com/embed/avatars/4.png',
          roleIds: [green, blue],
          roleColor: '#0000ff',
          bot: true,
          joinedAt: null,
        },
      ],
    });
  });

  it.each([
    [2_500, 3],
    [1_000, 2],
    [999, 1],
  ])('reads %d members in %d pages, each once', async (count, pages) => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Crowd' });
    // The bot is one of them.
    for (let n = 1; n < count; n += 1) guild.addMember({ username: `m${n}` });
    const { provider } = bench.source(discord.apiUrl);
    const snapshot = await provider.loadGuild(guild.id);
    const ids = (snapshot!.members as { id: string }[]).map(({ id }) => id);
    expect(ids).toHaveLength(count);
    expect(new Set(ids)).toEqual(new Set(guild.members.keys()));
    expect(asked(discord, members)).toBe(pages);
  });

  it('goes through a list of guilds that is longer than a page', async () => {
    const discord = await bench.discord();
    const ids = Array.from({ length: 401 }, (_, n) => discord.addGuild({ name: `Guild ${n}` }).id);
    const { provider } = bench.source(discord.apiUrl);
    expect((await provider.listGuilds()).map(({ id }) => id)).toEqual(ids);
    expect(asked(discord, /@me\/guilds$/)).toBe(3);
  });

  it('shows guilds that GUILDS names alone, and asks for no other', async () => {
    const discord = await bench.discord();
    const [shown, secret] = [discord.addGuild({ name: 'Shown' }), discord.addGuild({ name: 'Secret' })];
    const some = bench.source(discord.apiUrl, { shown: [shown.id, '300000000000000009'] });
    expect((await some.provider.listGuilds()).map(({ name }) => name)).toEqual(['Shown']);
    expect(await some.provider.loadGuild(secret.id)).toBeUndefined();
    expect(await some.provider.loadGuild('300000000000000009')).toBeUndefined();
    expect((await some.provider.loadGuild(shown.id))?.guild.name).toBe('Shown');
    expect(some.status.hiddenGuilds()).toEqual([{ id: secret.id, name: 'Secret' }]);
    const none = bench.source(discord.apiUrl, { shown: [] });
    expect(await none.provider.listGuilds()).toEqual([]);
    expect(await none.provider.loadGuild(shown.id)).toBeUndefined();
    expect(discord.requests.filter(({ path }) => path.includes(secret.id) || path.includes('0009'))).toEqual([]);
  });

  it('looks at the list of guilds once for all who ask soon, and again later', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town' });
    const { provider } = bench.source(discord.apiUrl, { listMs: 60_000 });
    await Promise.all([provider.listGuilds(), provider.listGuilds(), provider.loadGuild(guild.id)]);
    await provider.loadGuild('999999999999999999');
    expect(asked(discord, /@me\/guilds$/)).toBe(1);
    const eager = bench.source(discord.apiUrl, { listMs: 0 }).provider;
    expect(await eager.listGuilds()).toHaveLength(1);
    discord.addGuild({ name: 'Later' });
    expect(await eager.listGuilds()).toHaveLength(2);
  });

  it('does not know a guild that is gone, also when the list still has it', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town' });
    const { provider, status } = bench.source(discord.apiUrl, { listMs: 60_000 });
    expect(await provider.loadGuild(guild.id)).toBeDefined();
    discord.refuseNext({ path: `/guilds/${guild.id}`, status: 503, times: 2 });
    await expect(provider.loadGuild(guild.id)).rejects.toThrow('out of order');
    expect(status.current().state).toBe('connecting');
    discord.refuseNext({ path: `/guilds/${guild.id}`, status: 403 });
    expect(await provider.loadGuild(guild.id)).toBeUndefined();
    expect(status.current()).toEqual({ state: 'ready', missingIntents: [] });
    discord.removeGuild(guild.id);
    expect(await provider.loadGuild(guild.id)).toBeUndefined();
    expect(discord.requests.slice(-2).map((one) => one.status)).toEqual([403, 404]);
  });

  it('tells the guild without members where Discord does not let the bot read them, and does not insist', async () => {
    const discord = await bench.discord({ intents: { members: false } });
    const guild = discord.addGuild({ name: 'Town' });
    const { provider, status } = bench.source(discord.apiUrl, { listMs: 0 });
    const partly = {
      guild: { id: guild.id, name: 'Town', iconUrl: null },
      members: [],
      partial: ['members', 'presence'],
    };
    expect(await provider.loadGuild(guild.id)).toEqual(partly);
    expect(await provider.loadGuild(guild.id)).toEqual(partly);
    expect(asked(discord, members)).toBe(1);
    const said = expect.stringContaining('switch on Server Members Intent') as string;
    expect(status.current()).toEqual({ state: 'ready', detail: said, missingIntents: ['members'] });
    expect(bench.logs.filter((line) => line.includes('Server Members Intent'))).toHaveLength(1);
    discord.removeGuild(guild.id);
    expect(await provider.loadGuild(guild.id)).toBeUndefined();
    expect(status.current()).toEqual({ state: 'ready', missingIntents: [] });
  });

  it('asks for the members again after a while', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town' });
    const { provider, status } = bench.source(discord.apiUrl, { closedMs: 1 });
    discord.refuseNext({ path: members, status: 403 });
    expect((await provider.loadGuild(guild.id))?.partial).toEqual(['members', 'presence']);
    await expect
      .poll(async () => (await provider.loadGuild(guild.id))?.partial, { timeout: 10_000 })
      .toEqual(['presence']);
    expect(status.current()).toEqual({ state: 'ready', missingIntents: [] });
  });

  it('takes a guild that comes back for one whose members may be read', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Town' });
    const { provider, status } = bench.source(discord.apiUrl);
    discord.refuseNext({ path: members, status: 403 });
    expect((await provider.loadGuild(guild.id))?.members).toEqual([]);
    discord.refuseNext({ path: `/guilds/${guild.id}`, status: 404 });
    expect(await provider.loadGuild(guild.id)).toBeUndefined();
    expect(status.current().missingIntents).toEqual([]);
    expect((await provider.loadGuild(guild.id))?.members).toHaveLength(1);
  });

  it('is broken by a guild with more members than may be, and by a list that does not end', async () => {
    const discord = await bench.discord();
    const guild = discord.addGuild({ name: 'Crowd' });
    for (let n = 1; n < 1_500; n += 1) guild.addMember({ username: `m${n}` });
    const fits = bench.source(discord.apiUrl, { mostMembers: 1_500 });
    expect((await fits.provider.loadGuild(guild.id))?.members).toHaveLength(1_500);
    const { provider } = bench.source(discord.apiUrl, { mostMembers: 1_499 });
    expect(await faultOf(provider.loadGuild(guild.id))).toBe(
      'Discord tells a list of members that is longer than 1499',
    );
    const server = await bench.server();
    const id = '300000000000000001';
    serveGuild(server, id);
    const page = Array.from({ length: 1_000 }, (_, n) => wireMember(String(310000000000000000n + BigInt(n))));
    server.json(membersRoute(id), page);
    server.json(membersRoute(id, '310000000000000999'), page);
    expect(await faultOf(bench.source(server.url).provider.loadGuild(id))).toBe(
      'Discord tells a list of members again and again',
    );
  });
});

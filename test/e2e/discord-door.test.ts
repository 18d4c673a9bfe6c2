import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GuildSettingsStore } from '../../src/guilds/guild-settings.js';
import { DiscordDoorBench } from '../support/discord-door-bench.js';
import { startTestApp } from '../support/test-app.js';
import { type Shown, staying, type Visitor, waysIn } from '../support/ways-in.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

const timeout = 20_000;
const names = Object.keys(waysIn);

describe('a guild behind a Discord login, with a token of the visitor', () => {
  let bench: DiscordDoorBench;
  beforeAll(async () => {
    bench = await DiscordDoorBench.open();
  });
  afterAll(() => bench.close());

  const ofAda = (): Shown => ({ discordToken: bench.discord.logins.token({ userId: bench.ada }) });

  it.each(names)('is entered by a member over %s', async (name) => {
    const shown = { ...ofAda(), discordUser: { id: bench.ada, username: 'ada' } };
    expect((await bench.enter(name, shown)).refused).toBeUndefined();
    expect((await bench.enter(name, {})).refused).toBe('guild.guarded');
  });

  it.each<[string, () => Shown]>([
    ['nothing', () => ({})],
    ['a token that nobody gave', () => ({ discordToken: 'made-up' })],
    ['what cannot be a token', () => ({ discordToken: 'a b\u00e4' })],
    ['a password', () => ({ password: 'any password' })],
    [
      'a token for another application',
      () => ({ discordToken: bench.discord.logins.token({ userId: bench.ada, applicationId: '90071992547409920' }) }),
    ],
    [
      'a token that tells nothing of its user',
      () => ({ discordToken: bench.discord.logins.token({ userId: bench.ada, scopes: ['guilds'] }) }),
    ],
    ['a token that is over', () => ({ discordToken: bench.discord.logins.token({ userId: bench.ada, lifetime: -1 }) })],
    [
      'a token of somebody who is no member',
      () => ({ discordToken: bench.discord.logins.token({ userId: bench.eve }) }),
    ],
    ['the token of the bot', () => ({ discordToken: bench.discord.token })],
    ['the name of somebody else', () => ({ ...ofAda(), discordUser: { id: bench.eve, username: 'ada' } })],
  ])('is not entered with %s', async (what, shown) => {
    for (const name of ['socket.io', 'websocket']) {
      expect([name, (await bench.enter(name, shown())).refused]).toEqual([name, 'guild.guarded']);
    }
    // A header cannot say who somebody claims to be.
    if (what !== 'the name of somebody else' && what !== 'what cannot be a token') {
      expect((await bench.enter('rest', shown())).refused).toBe('guild.guarded');
    }
  });

  it('asks Discord about a token once in a while, whatever it is worth', async () => {
    const asked = () => bench.discord.requests.filter(({ path }) => path === '/oauth2/@me').length;
    for (const shown of [ofAda(), { discordToken: 'made-up-again' }]) {
      const before = asked();
      for (const name of names) await bench.enter(name, shown);
      expect(asked() - before).toBe(1);
    }
  });

  it('lets only ten tokens be tried in vain from one address', async () => {
    const refused: unknown[] = [];
    for (let n = 0; n < 12; n += 1) {
      refused.push((await bench.enter(names[n % 7]!, { discordToken: `guess-${n}`, from: '198.51.100.1' })).refused);
    }
    expect(refused).toEqual([...Array<string>(10).fill('guild.guarded'), 'rate.limited', 'rate.limited']);
    expect((await bench.enter('rest', { ...ofAda(), from: '198.51.100.1' })).refused).toBe('rate.limited');
  });

  it('tells a d-zone client where to log in, before it says that it must', async () => {
    const client = await WebSocketClient.open(bench.app.url, `/ws/guilds/${bench.guild.id}`);
    expect(await client.nextOf('update-clientid')).toEqual({
      type: 'update-clientid',
      server: bench.guild.id,
      data: { clientId: bench.discord.botUser.id },
    });
    const { data } = await client.next();
    expect(data).toMatchObject({
      code: 'guild.guarded',
      message: 'This server requires Discord authentication. Please login with Discord.',
    });
    await client.close();
    const member = await bench.enter('websocket', { ...ofAda(), discordUser: { id: bench.ada, username: 'ada' } });
    expect(member.heard()).toContain(`"clientId":"${bench.discord.botUser.id}"`);
  });

  it('cannot tell while Discord is out of order: nobody new enters, no try is counted, and those inside stay', async () => {
    const inside = await bench.enter('socket.io', ofAda());
    for (let n = 0; n < 12; n += 1) {
      bench.discord.refuseNext({ method: 'GET', path: '/oauth2/@me', status: 503 });
      const visitor = await bench.enter('rest', { ...ofAda(), from: '198.51.100.2' });
      expect(visitor.refused).toBe('service.unavailable');
    }
    expect((await bench.enter('rest', { ...ofAda(), from: '198.51.100.2' })).refused).toBeUndefined();
    expect(inside.letOut()).toBeUndefined();
  });

  it('lets a member out who leaves the guild, on every transport', async () => {
    const mara = bench.guild.addMember({ username: 'mara' }).user.id;
    const shown = { discordToken: bench.discord.logins.token({ userId: mara }) };
    const inside = new Map<string, Visitor>();
    for (const name of Object.keys(staying)) inside.set(name, await bench.enter(name, shown));
    const other = await bench.enter('socket.io', ofAda());
    for (const visitor of inside.values()) expect(visitor.refused).toBeUndefined();
    bench.guild.removeMember(mara);
    for (const [name, visitor] of inside) {
      await vi.waitFor(() => expect([name, visitor.letOut()]).toEqual([name, 'not-a-member']), { timeout });
    }
    expect(other.letOut()).toBeUndefined();
    for (const name of names) expect((await bench.enter(name, shown)).refused).toBe('guild.guarded');
  });
});

describe('a visitor inside who is looked at again', () => {
  let bench: DiscordDoorBench;
  beforeAll(async () => {
    bench = await DiscordDoorBench.open({ LOGIN_RECHECK_SECONDS: '1' });
  });
  afterAll(() => bench.close());

  it('is let out when the token was taken back', async () => {
    const discordToken = bench.discord.logins.token({ userId: bench.ada });
    const inside = await bench.enter('sse', { discordToken });
    const other = await bench.enter('sse', { discordToken: bench.discord.logins.token({ userId: bench.ada }) });
    bench.discord.logins.revoke(discordToken);
    await vi.waitFor(() => expect(inside.letOut()).toBe('login-ended'), { timeout });
    expect([inside.refused, other.refused, other.letOut()]).toEqual([undefined, undefined, undefined]);
  });

  it('is let out when the token is over', async () => {
    const inside = await bench.enter('socket.io', {
      discordToken: bench.discord.logins.token({ userId: bench.ada, lifetime: 2_000 }),
    });
    expect(inside.refused).toBeUndefined();
    await vi.waitFor(() => expect(inside.letOut()).toBe('login-ended'), { timeout });
  });

  it('is let out when nobody can say for long whether that still holds', async () => {
    const inside = await bench.enter('socket.io', { discordToken: bench.discord.logins.token({ userId: bench.ada }) });
    expect(inside.refused).toBeUndefined();
    await bench.discord.goDown();
    await vi.waitFor(() => expect(inside.letOut()).toBe('unconfirmed'), { timeout: 40_000 });
    await bench.discord.comeBack();
  }, 60_000);
});

describe('a Discord door that nobody can keep', () => {
  it('stays shut, and says what is missing', async () => {
    const app = await startTestApp();
    try {
      const docs = '482241773318701056';
      const client = await SocketIoClient.open(app.url);
      const { cursor } = await client.ask('join', { guildId: docs });
      const zone = await WebSocketClient.open(app.url, `/ws/guilds/${docs}`);
      await zone.nextOf('server-join');
      await app.app.get(GuildSettingsStore, { strict: false }).save(docs, { door: 'discord' });
      await vi.waitFor(() => expect(client.events.at(-1)?.data).toEqual({ reason: 'door-changed', door: 'discord' }), {
        timeout,
      });
      const auth = { discordToken: 'any', discordUser: { id: '90071992547409919', username: 'any' } };
      expect((await client.ask('join', { guildId: docs, cursor, auth })).error).toMatchObject({
        code: 'guild.guarded',
        message:
          'Guilds behind a Discord login stay shut: DISCORD_TOKEN and DISCORD_CLIENT_ID are not set (see docs/doors.md).',
      });
      // Without an application there is nowhere to send anybody.
      expect((await zone.settled()).map(({ type }) => type)).not.toContain('update-clientid');
      expect((await fetch(`${app.url}/auth/discord/login`, { redirect: 'manual' })).status).toBe(503);
      client.close();
      await zone.close();
    } finally {
      await app.close();
    }
  }, 40_000);

  it('lets nobody of the demo in but into the demo guild that shows a login', async () => {
    const app = await startTestApp();
    try {
      const client = await SocketIoClient.open(app.url);
      const auth = { discordToken: 'any', discordUser: { id: '90071992547409919', username: 'any' } };
      expect((await client.ask('join', { guildId: 'oauth', auth })).error).toBeUndefined();
      client.close();
    } finally {
      await app.close();
    }
  }, 40_000);

  it('tells those inside where to log in when it begins to be asked', async () => {
    const app = await startTestApp({ DISCORD_CLIENT_ID: '90071992547409919' });
    try {
      const docs = '482241773318701056';
      const zone = await WebSocketClient.open(app.url, `/ws/guilds/${docs}`);
      await zone.nextOf('server-join');
      await app.app.get(GuildSettingsStore, { strict: false }).save(docs, { door: 'discord' });
      const frame = await zone.nextOf('update-clientid', timeout);
      expect(frame).toEqual({ type: 'update-clientid', server: docs, data: { clientId: '90071992547409919' } });
      expect((await zone.nextOf('server-join')).data.serverName).toBe('D-World');
      await zone.close();
    } finally {
      await app.close();
    }
  }, 40_000);
});

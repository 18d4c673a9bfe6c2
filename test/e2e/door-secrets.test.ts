import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord } from '../../src/testing/fake-discord/index.js';
import { Browser } from '../support/browser.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { waysIn } from '../support/ways-in.js';

const admin = 'an-admin-key-for-this-test';
const password = 'a-password-nobody-may-read';
const guess = 'a-guess-nobody-may-read';
const dworld = '232769614004748288';
const bot = 'MTA.bot-token.of-this-test';

let discord: FakeDiscord;
let guildcast: GuildcastProcess;
let town: string;
let ada: string;
beforeAll(async () => {
  discord = await FakeDiscord.start({ token: bot });
  const guild = discord.addGuild({ name: 'Town' });
  town = guild.id;
  ada = guild.addMember({ username: 'ada' }).user.id;
  guildcast = await startGuildcast({
    env: {
      DISCORD_TOKEN: bot,
      DISCORD_API_URL: discord.apiUrl,
      GUILDS: '*',
      DATA_PROVIDERS: 'mock,discord-gateway',
      DISCORD_CLIENT_ID: discord.botUser.id,
      DISCORD_CLIENT_SECRET: discord.logins.clientSecret,
      PUBLIC_URL: 'http://guilds.example.org',
      API_KEYS: `admin=${admin}`,
      LOG_LEVEL: 'trace',
      TRUST_PROXY: '1',
    },
  });
}, 60_000);
afterAll(async () => {
  await guildcast.stop();
  await discord.stop();
});

describe('everything that is printed and answered', () => {
  it('holds no password, token, code, session or key of anybody', async () => {
    const heard: string[] = [];
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
    const set = await fetch(`${guildcast.url}/api/v1/admin/guilds/${dworld}/password`, {
      method: 'PUT',
      headers,
      body: JSON.stringify({ password }),
    });
    heard.push(await set.text(), JSON.stringify([...set.headers]));
    await vi.waitFor(
      async () => expect(await (await fetch(`${guildcast.url}/api/v1/guilds`)).text()).toContain('Town'),
      {
        timeout: 30_000,
      },
    );

    const visitor = new Browser(guildcast.url);
    const authorize = await visitor.follow('/auth/discord/login?return=/');
    const binder = visitor.cookies.get('guildcast_login')!;
    const callback = discord.logins.agree(authorize, ada);
    const { searchParams } = new URL(callback);
    await visitor.follow(callback);
    const session = visitor.cookies.get('guildcast_session')!;
    const thief = new Browser(guildcast.url);
    heard.push(await (await thief.open(callback)).text());

    const token = discord.logins.token({ userId: ada });
    const foreign = discord.logins.token({ userId: ada, applicationId: '90071992547409920' });
    const shown = [
      { password: guess },
      { discordToken: token, discordUser: { id: ada, username: 'ada' } },
      { discordToken: foreign },
      { cookie: visitor.cookie },
      { discordToken: `${token} with what no header may hold` },
    ];
    let from = 0;
    for (const [name, enter] of Object.entries(waysIn)) {
      for (const each of shown) {
        for (const guildId of [town, dworld, 'oauth']) {
          const visit = await enter(guildcast.url, guildId, { ...each, from: `192.0.2.${(from += 1) % 250}` });
          // A d-zone client gets back what it sent itself, as in the reference.
          if (!(name === 'websocket' && 'password' in each)) heard.push(visit.heard());
          visit.leave();
        }
      }
    }
    await visitor.open('/auth/discord/logout', { method: 'POST' });
    await fetch(`${guildcast.url}/auth/discord/callback?code=${guess}&state=${guess}`);

    const secrets = { password, guess, token, foreign, session, binder, bot, admin };
    const login = { code: searchParams.get('code')!, state: searchParams.get('state')! };
    const everything = { ...secrets, ...login, clientSecret: discord.logins.clientSecret };
    const printed = guildcast.output();
    // Otherwise nothing was looked through.
    expect(printed).toContain('/auth/discord/callback');
    expect(heard.join('')).toContain('guild.guarded');
    for (const [name, secret] of Object.entries(everything)) {
      expect([name, secret.length > 8 && printed.includes(secret)]).toEqual([name, false]);
      expect([name, heard.join('\n').includes(secret)]).toEqual([name, false]);
    }
  }, 90_000);
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeDiscord, type FakeDiscordOptions, permissions } from '../../../src/testing/fake-discord/index.js';
import { settings, token, town } from '../discord/discord-town.js';
import { createTestDatabase } from '../../support/test-database.js';
import { examined, findingsFor, Peer } from './examined.js';

let discord: FakeDiscord | undefined;
let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await discord?.stop();
  discord = undefined;
  await database.drop();
});

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

async function start(options: FakeDiscordOptions = {}): Promise<{ place: ReturnType<typeof town>; fake: FakeDiscord }> {
  const fake = (discord = await FakeDiscord.start({ token, ...options }));
  return { place: town(fake), fake };
}

function env(fake: FakeDiscord, more: Record<string, string> = {}): Record<string, string> {
  return { ...settings(fake), DATABASE_URL: database.url, ...more };
}

describe('a bot with everything it needs', () => {
  it('is said to have it, and nothing is done to Discord', async () => {
    const { fake, place } = await start();
    const { ok, findings } = await examined(env(fake, { GUILDS: place.guild.id }));
    expect(ok).toBe(true);
    const about = (check: string) => findings.filter((finding) => finding.check === check);
    expect(about('discord')).toEqual([
      { check: 'discord', state: 'ok', sentence: 'Discord knows the token: the bot is "Guildcast", in one guild.' },
    ]);
    expect(about('clock')).toEqual([
      { check: 'clock', state: 'ok', sentence: "The clock agrees with the database's and Discord's." },
    ]);
    expect(about('intents')).toMatchObject([{ state: 'ok' }]);
    expect(about('guilds')).toMatchObject([{ state: 'ok', sentence: matching(/in each of the 1 guilds/) }]);
    expect(about('channels')).toMatchObject([{ state: 'ok', sentence: matching(/Town: the bot reads all 1 /) }]);
    expect(fake.requests.every(({ method }) => method === 'GET')).toBe(true);
    expect(fake.sessionStarts).toEqual([]);
  });
});

describe('the token', () => {
  it('that Discord refuses, which it is shown once', async () => {
    const { fake } = await start();
    const { ok, findings } = await examined(env(fake, { DISCORD_TOKEN: 'MTA.another.secret-canary' }));
    expect(ok).toBe(false);
    expect(findings.find(({ check }) => check === 'discord')).toEqual({
      check: 'discord',
      state: 'fail',
      sentence: 'Discord refused the token in DISCORD_TOKEN.',
      remedy: 'Make a new one in the developer portal under Bot → Reset Token, and set it.',
    });
    for (const name of ['intents', 'guilds', 'channels']) {
      expect(findings.filter(({ check }) => check === name)).toMatchObject([{ state: 'skipped' }]);
    }
    expect(findings.find(({ check }) => check === 'clock')?.sentence).toContain("Discord's");
    expect(fake.requests.map(({ status }) => status)).toEqual([401]);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });

  it('that is not there, so that nothing is asked', async () => {
    const { fake } = await start();
    const { findings } = await examined(env(fake, { DISCORD_TOKEN: '', GUILDS: '' }));
    expect(findings.find(({ check }) => check === 'discord')).toMatchObject({ state: 'skipped' });
    expect(fake.requests).toEqual([]);
  });
});

describe('a Discord that cannot be asked', () => {
  it.each([
    [
      'answers 500',
      'HTTP/1.1 500 Sorry\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      /out of order \(HTTP 500\)/,
    ],
    [
      'is a page of something else',
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>',
      /answer is not JSON/,
    ],
    ['hangs up', '', /cannot be reached/],
    ['is silent', null, /no whole answer in time/],
  ])(
    '%s',
    async (_what, answer, sentence) => {
      const peer = await Peer.start(answer);
      try {
        const findings = await findingsFor('discord', {
          DISCORD_TOKEN: token,
          DISCORD_API_URL: `http://127.0.0.1:${peer.port}/api`,
          DATABASE_URL: database.url,
        });
        const remedy = matching(new RegExp(`127\\.0\\.0\\.1:${peer.port} \\(DISCORD_API_URL\\)`));
        expect(findings).toMatchObject([{ state: 'fail', sentence: matching(sentence), remedy }]);
      } finally {
        await peer.stop();
      }
    },
    40_000,
  );

  it('asks for a pause', async () => {
    const { fake } = await start();
    fake.refuseNext({
      path: '/applications/@me',
      status: 429,
      body: { message: 'slow', retry_after: 40, global: false },
    });
    expect(await findingsFor('discord', env(fake))).toMatchObject([
      {
        state: 'warn',
        sentence: matching(/^Discord asks for a pause of 4\d s\.$/),
        remedy: 'Ask again when it is over.',
      },
    ]);
  });

  it('has a clock of its own: an hour ahead', async () => {
    const { fake } = await start();
    fake.refuseNext({
      path: '/applications/@me',
      status: 200,
      body: { id: '12345678', name: 'Bot', flags: 0 },
      headers: { Date: new Date(Date.now() + 3_600_000).toUTCString(), 'Content-Type': 'application/json' },
    });
    expect(await findingsFor('clock', env(fake))).toMatchObject([
      { state: 'warn', sentence: "This machine's clock is 60 minutes behind Discord's." },
    ]);
  });
});

describe('the intents', () => {
  it.each([
    [{ presences: false }, ['Presence Intent']],
    [{ members: false }, ['Server Members Intent']],
    [{ messageContent: false }, ['Message Content Intent']],
    [
      { presences: false, members: false, messageContent: false },
      ['Server Members Intent', 'Presence Intent', 'Message Content Intent'],
    ],
  ])('are named when they are switched off: %j', async (intents, labels) => {
    const { fake } = await start({ intents });
    expect(await findingsFor('intents', env(fake))).toMatchObject(
      labels.map((label) => ({
        state: 'warn',
        sentence: matching(new RegExp(`^The ${label} is switched off: `)),
        remedy: matching(new RegExp(`^Switch on ${label} in the developer portal`)),
      })),
    );
  });

  it('are fewer where there is no session', async () => {
    const { fake } = await start({ intents: { presences: false, messageContent: false } });
    expect(await findingsFor('intents', env(fake, { DATA_PROVIDERS: 'discord-rest' }))).toMatchObject([
      { state: 'ok' },
    ]);
    fake.allowIntents({ members: false });
    expect(await findingsFor('intents', env(fake, { DATA_PROVIDERS: 'discord-rest' }))).toMatchObject([
      { state: 'warn', sentence: matching(/Server Members Intent/) },
    ]);
    expect(await findingsFor('intents', env(fake, { DATA_PROVIDERS: 'mock' }))).toMatchObject([{ state: 'skipped' }]);
  });
});

describe('the guilds', () => {
  it('that GUILDS names and the bot is not in', async () => {
    const { fake, place } = await start();
    const absent = '232769614004748288';
    expect(await findingsFor('guilds', env(fake, { GUILDS: `${place.guild.id},${absent}` }))).toEqual([
      {
        check: 'guilds',
        state: 'fail',
        sentence: `The bot is not in the guild ${absent} that GUILDS names.`,
        remedy: `Invite the bot (https://discord.com/oauth2/authorize?client_id=${fake.botUser.id}&scope=bot), or take it out of GUILDS.`,
      },
    ]);
  });

  it('that nobody chose', async () => {
    const { fake, place } = await start();
    expect(await findingsFor('guilds', env(fake, { GUILDS: '' }))).toMatchObject([
      {
        state: 'warn',
        sentence: 'GUILDS is empty: of the 1 guilds that the bot is in none is shown.',
        remedy: matching(new RegExp(`${place.guild.id} \\(Town\\)`)),
      },
    ]);
  });

  it('of which there is none', async () => {
    const { fake, place } = await start();
    fake.removeGuild(place.guild.id);
    expect(await findingsFor('guilds', env(fake))).toMatchObject([
      { state: 'warn', sentence: 'The bot is in no guild.', remedy: matching(/^Invite it: /) },
    ]);
  });

  it('more than Discord lists at once', async () => {
    const { fake } = await start();
    for (let n = 0; n < 205; n += 1) fake.addGuild({ name: `guild ${n}` });
    expect(await findingsFor('guilds', env(fake))).toMatchObject([
      { state: 'ok', sentence: 'All 206 guilds of the bot are shown.' },
    ]);
  });
});

describe('the channels', () => {
  it('that are open to everybody and not to the bot', async () => {
    const { fake } = await start();
    const guild = fake.addGuild({ name: 'Harbour', botPermissions: 0n });
    const view = permissions.viewChannel;
    const role = guild.members.get(fake.botUser.id)!.roles[0]!;
    guild.addChannel({ name: 'open' });
    guild.addChannel({ name: 'against-role', overwrites: [{ id: role, type: 0, deny: view }] });
    guild.addChannel({ name: 'against-bot', overwrites: [{ id: fake.botUser.id, type: 1, deny: view }] });
    // The word on a member stands above that on a role.
    guild.addChannel({
      name: 'saved',
      overwrites: [
        { id: role, type: 0, deny: view },
        { id: fake.botUser.id, type: 1, allow: view },
      ],
    });
    guild.addChannel({ name: 'private', overwrites: [{ id: guild.id, type: 0, deny: view }] });
    guild.addChannel({ name: 'adult', nsfw: true, overwrites: [{ id: role, type: 0, deny: view }] });
    guild.addChannel({ name: 'voice', type: 2, overwrites: [{ id: role, type: 0, deny: view }] });
    expect(await findingsFor('channels', env(fake, { GUILDS: guild.id }))).toEqual([
      {
        check: 'channels',
        state: 'warn',
        sentence:
          'Harbour: the bot cannot read 2 of 4 text channels that are open to everybody: #against-role, #against-bot.',
        remedy: "Allow View Channel to the bot's role there, if their messages are to be shown.",
      },
    ]);
  });

  it('of which none is open', async () => {
    const { fake, place } = await start();
    place.guild.updateRole(place.guild.id, { permissions: 0n });
    expect(await findingsFor('channels', env(fake))).toMatchObject([
      { state: 'ok', sentence: 'Town: no text channel is open to everybody, so no message leaves it.' },
    ]);
  });

  it('of a guild in an outage, beside another', async () => {
    const { fake, place } = await start();
    const second = fake.addGuild({ name: 'Second' });
    second.addChannel({ name: 'talk' });
    fake.refuseNext({ path: `/guilds/${place.guild.id}/channels`, status: 403 });
    expect(await findingsFor('channels', env(fake))).toMatchObject([
      { state: 'warn', sentence: matching(/^The channels of Town .* could not be looked at: Discord refused/) },
      { state: 'ok', sentence: matching(/^Second: the bot reads all 1 /) },
    ]);
  });

  it('of the guilds that are shown alone', async () => {
    const { fake } = await start();
    const second = fake.addGuild({ name: 'Second' });
    const sentences = (await findingsFor('channels', env(fake, { GUILDS: second.id }))).map(({ sentence }) => sentence);
    expect(sentences).toHaveLength(1);
    expect(sentences[0]).toContain('Second');
  });
});

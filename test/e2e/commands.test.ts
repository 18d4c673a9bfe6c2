import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FakeDiscord, type FakeGuild, permissions } from '../../src/testing/fake-discord/index.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const deadline = { timeout: 20_000 };

describe('The commands of the whole program', () => {
  let discord: FakeDiscord;
  let app: TestApp;
  let town: FakeGuild;
  let hamlet: FakeGuild;

  beforeAll(async () => {
    discord = await FakeDiscord.start();
    town = place('Town');
    town.addMember({ username: 'ada', status: 'online' });
    hamlet = place('Hamlet');
    app = await startTestApp({
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      GUILDS: town.id,
      PUBLIC_URL: 'https://guilds.example/here/',
    });
    await vi.waitFor(() => expect(discord.commands()).not.toEqual([]), deadline);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await discord.stop();
  }, 30_000);

  function place(name: string): FakeGuild {
    const guild = discord.addGuild({ name });
    guild.addChannel({ name: 'general' });
    return guild;
  }

  function office(guild: FakeGuild): string {
    return guild.addRole({ name: 'office', permissions: permissions.manageGuild }).id;
  }

  /** Somebody new gives each, so that nobody is too fast. */
  let clerks = 0;
  async function told(
    command: string,
    { guild = town, options = {} }: { guild?: FakeGuild; options?: Record<string, string | boolean> } = {},
  ) {
    const userId = guild.addMember({ username: `clerk${(clerks += 1)}`, roles: [office(guild)] }).id;
    return (await discord.interact({ userId, guildId: guild.id, command, options }).waitForAnswer()).content;
  }

  async function aliases(): Promise<unknown[]> {
    const { guilds } = (await (await fetch(`${app.url}/api/v1/guilds`)).json()) as { guilds: { alias: string }[] };
    return guilds.map(({ alias }) => alias);
  }

  it('tell how the guild stands as its room shows it', async () => {
    await vi.waitFor(
      async () =>
        expect(await told('guildcast status')).toMatch(
          /Members shown: \d+ \(2 online\)\nSource: discord-gateway\nNotifications waiting: 0$/,
        ),
      deadline,
    );
  });

  it('change what visitors find', async () => {
    await vi.waitFor(async () => expect(await aliases()).toEqual(['town']), deadline);
    expect(await told('guildcast settings set', { options: { alias: 'City' } })).toContain('alias: city');
    await vi.waitFor(async () => expect(await aliases()).toEqual(['city']), deadline);
    await vi.waitFor(
      async () => expect(await told('guildcast link')).toBe('https://guilds.example/here/#/guild/city'),
      deadline,
    );
    await told('guildcast settings set', { options: { shown: false } });
    await vi.waitFor(
      async () => expect(await told('guildcast link')).toBe('This server is not shown on the web.'),
      deadline,
    );
    expect(await aliases()).toEqual([]);
    await told('guildcast settings set', { options: { shown: true } });
    await vi.waitFor(async () => expect(await aliases()).toEqual(['city']), deadline);
  });

  it.each(['guildcast link', 'guildcast status', 'guildcast settings show', 'guildcast settings set'])(
    'know nothing of a guild that the operator does not show (/%s)',
    async (command) => {
      expect(await told(command, { guild: hamlet, options: command.endsWith('set') ? { alias: 'ours' } : {} })).toBe(
        'This server is not shown on the web.',
      );
    },
  );
});

describe('Without commands', () => {
  it.each([
    ['switched off', { DISCORD_COMMANDS: 'off' }],
    ['no session', { DATA_PROVIDERS: 'discord-rest' }],
  ])(
    '(%s) nothing is asked or registered, and everything else works',
    async (_, env) => {
      const discord = await FakeDiscord.start();
      discord.addGuild({ name: 'Town' });
      const app = await startTestApp({
        DISCORD_TOKEN: discord.token,
        DISCORD_API_URL: discord.apiUrl,
        GUILDS: '*',
        ...env,
      });
      try {
        await vi.waitFor(async () => {
          const { guilds } = (await (await fetch(`${app.url}/api/v1/guilds`)).json()) as { guilds: object[] };
          expect(guilds).toHaveLength(1);
        }, deadline);
        expect(discord.requests.filter(({ path }) => path.endsWith('/commands'))).toEqual([]);
      } finally {
        await app.close();
        await discord.stop();
      }
    },
    60_000,
  );
});

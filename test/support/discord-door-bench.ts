import { vi, expect } from 'vitest';
import { GuildSettingsStore } from '../../src/guilds/guild-settings.js';
import { FakeDiscord, type FakeGuild } from '../../src/testing/fake-discord/index.js';
import { startTestApp, type TestApp } from './test-app.js';
import { type Shown, type Visitor, waysIn } from './ways-in.js';

/** Where browsers would reach the application: no name of it is ever looked up. */
export const publicUrl = 'http://guilds.example.org';

/** A Discord with one guild, behind a Discord login in the application, whose member Ada is and Eve is not. */
export class DiscordDoorBench {
  private readonly visitors: Visitor[] = [];

  private constructor(
    readonly discord: FakeDiscord,
    readonly app: TestApp,
    readonly guild: FakeGuild,
    readonly ada: string,
    readonly eve: string,
  ) {}

  static async open(env: Record<string, string> = {}): Promise<DiscordDoorBench> {
    const discord = await FakeDiscord.start({ rateLimit: { limit: 10_000, window: 1_000 } });
    const guild = discord.addGuild({ name: 'Town' });
    const ada = guild.addMember({ username: 'ada', status: 'online' }).user.id;
    const eve = discord.addUser({ username: 'eve' }).id;
    const app = await startTestApp({
      DISCORD_TOKEN: discord.token,
      DISCORD_API_URL: discord.apiUrl,
      GUILDS: '*',
      DISCORD_CLIENT_ID: discord.botUser.id,
      DISCORD_CLIENT_SECRET: discord.logins.clientSecret,
      PUBLIC_URL: publicUrl,
      TRUST_PROXY: '1',
      ...env,
    });
    await app.app.get(GuildSettingsStore, { strict: false }).save(guild.id, { door: 'discord' });
    const bench = new DiscordDoorBench(discord, app, guild, ada, eve);
    await vi.waitFor(async () => expect(await (await fetch(`${app.url}/api/v1/guilds`)).text()).toContain('Town'), {
      timeout: 20_000,
    });
    return bench;
  }

  /** Each from somewhere else: what one shows in vain is not to hold up the next. */
  async enter(name: string, shown: Shown, guildId = this.guild.id): Promise<Visitor> {
    const visitor = await waysIn[name]!(this.app.url, guildId, { from: `192.0.2.${this.visitors.length}`, ...shown });
    this.visitors.push(visitor);
    return visitor;
  }

  async close(): Promise<void> {
    for (const visitor of this.visitors) visitor.leave();
    await this.app.close();
    await this.discord.stop();
  }
}

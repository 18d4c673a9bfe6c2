import { Test, type TestingModule } from '@nestjs/testing';
import { type DynamicModule, Module } from '@nestjs/common';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { CommandsModule } from '../../../src/discord/commands/commands.module.js';
import { type GuildPlace, type GuildStanding, ShownGuilds } from '../../../src/discord/commands/shown-guilds.js';
import { WaitingNotifications } from '../../../src/discord/commands/waiting-notifications.js';
import { DiscordStatus } from '../../../src/discord/discord-status.js';
import { discordConfig } from '../../../src/discord/discord.config.js';
import { DiscordModule } from '../../../src/discord/discord.module.js';
import { EventLogModule } from '../../../src/event-log/event-log.module.js';
import { GuildSettingsStore } from '../../../src/guilds/guild-settings.js';
import { GuildsModule } from '../../../src/guilds/guilds.module.js';
import { HiddenMembers } from '../../../src/guilds/hidden-members.js';
import { FakeDiscord, type FakeDiscordOptions, permissions } from '../../../src/testing/fake-discord/index.js';
import { createTestDatabase } from '../../support/test-database.js';
import { logs } from './discord-app.js';
import { settings, token, town } from './discord-town.js';

/** What a test says of the guilds, of the queue and of those who hide. */
export class World {
  standing: GuildStanding | undefined = {
    alias: 'town',
    door: 'open',
    source: 'discord-gateway',
    memberCount: 4,
    onlineCount: 3,
    stale: false,
    partial: [],
  };
  /** Asked before it is told. */
  before = (): Promise<unknown> => Promise.resolve();
  waiting = (): Promise<number> => Promise.resolve(7);
}

function worldModule(world: World, parts: { waiting: boolean }): DynamicModule {
  const shown: ShownGuilds = {
    place: async (): Promise<GuildPlace | undefined> => {
      await world.before();
      return world.standing;
    },
    standing: async () => {
      await world.before();
      return world.standing;
    },
  };
  const providers = [
    { provide: ShownGuilds, useValue: shown },
    ...(parts.waiting ? [{ provide: WaitingNotifications, useValue: { count: () => world.waiting() } }] : []),
  ];
  return { module: WorldModule, providers, exports: providers.map(({ provide }) => provide) };
}

@Module({})
class WorldModule {}

export interface BenchOptions {
  discord?: FakeDiscord;
  options?: FakeDiscordOptions;
  env?: Record<string, string>;
  publicUrl?: string;
  waiting?: boolean;
}

/** A bot with its commands in a town, and somebody there who may manage it. */
export class CommandsBench {
  readonly world = new World();
  private database: Awaited<ReturnType<typeof createTestDatabase>> | undefined;
  private module: TestingModule | undefined;

  private constructor(
    readonly discord: FakeDiscord,
    readonly place: ReturnType<typeof town>,
    readonly mayor: string,
    private readonly ownDiscord: boolean,
  ) {}

  static async open({ discord, options = {}, ...rest }: BenchOptions = {}): Promise<CommandsBench> {
    const there = discord ?? (await FakeDiscord.start({ token, ...options }));
    const place = town(there);
    const office = place.guild.addRole({ name: 'office', permissions: permissions.manageGuild });
    const mayor = place.guild.addMember({ username: 'mayor', roles: [office.id] }).id;
    const bench = new CommandsBench(there, place, mayor, discord === undefined);
    bench.database = await createTestDatabase();
    await bench.start(rest);
    return bench;
  }

  /** The bot's program, anew. */
  async start({ env = {}, publicUrl, waiting = true }: BenchOptions = {}): Promise<void> {
    await this.module?.close();
    const writer =
      (level: string) =>
      (...words: unknown[]): void =>
        void logs.push([level, ...words.map(String)].join(' '));
    const world = worldModule(this.world, { waiting });
    const discord = DiscordModule.forRoot(discordConfig.parse(settings(this.discord, env)));
    this.module = await Test.createTestingModule({
      imports: [
        DatabaseModule.forRoot({ url: this.database!.url, poolSize: 2 }),
        EventLogModule.forRoot({ HISTORY_SIZE: 1000, HISTORY_SECONDS: 600, PRESENCE_WINDOW_MS: 0 }),
        discord,
        CommandsModule.forRoot({ publicUrl, imports: [discord, GuildsModule, world] }),
      ],
    })
      .setLogger({
        log: writer('log'),
        warn: writer('warn'),
        error: writer('error'),
        debug: writer('debug'),
        verbose: writer('verbose'),
        fatal: writer('fatal'),
      })
      .compile();
    await this.module.init();
    await this.module.get(DiscordStatus).settled();
  }

  get status(): DiscordStatus {
    return this.module!.get(DiscordStatus);
  }

  get settings(): GuildSettingsStore {
    return this.module!.get(GuildSettingsStore);
  }

  get hiding(): HiddenMembers {
    return this.module!.get(HiddenMembers);
  }

  /** Requests about commands, oldest first: the method and what came of it. */
  get registrations(): string[] {
    return this.discord.requests
      .filter(({ path }) => path.endsWith('/commands'))
      .map(({ method, status }) => `${method} ${status}`);
  }

  async close(): Promise<void> {
    await this.module?.close();
    if (this.ownDiscord) await this.discord.stop();
    await this.database?.drop();
  }
}

import { randomInt } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { EventLog } from '../event-log/event-log.js';
import { GuildDoors } from '../guilds/guild-doors.js';
import { DataProvider, type RawSnapshot } from './data-provider.js';
import { DemoDoorKeeper } from './mock/demo-door.keeper.js';
import { demoChannel, demoGuilds } from './mock/demo-guilds.js';
import { MockWorld } from './mock/mock-world.js';
import { type MockSettings } from './mock/mock-settings.js';
import { SOURCE_SETTINGS } from './source-settings.js';

/** Milliseconds; a timer set for longer fires at once. */
const longestTimer = 2 ** 31 - 1;

/** The demo guilds: one simulated world each, the same for every viewer. */
@Injectable()
export class MockProvider extends DataProvider implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly name = 'mock';
  override readonly live = true;
  private readonly logger = new Logger(MockProvider.name);
  private readonly worlds: Map<string, MockWorld>;
  private readonly timers = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly log: EventLog,
    doors: GuildDoors,
    @Inject(SOURCE_SETTINGS) private readonly settings: MockSettings,
  ) {
    super();
    const base = settings.MOCK_SEED ?? randomInt(0x7fffffff);
    this.worlds = new Map(demoGuilds.map((guild) => [guild.id, new MockWorld(guild, base)]));
    doors.register(new DemoDoorKeeper());
    this.logger.warn('The demo guild "oauth" lets every login in: its door is for show.');
  }

  listGuilds(): Promise<SourceGuild[]> {
    return Promise.resolve([...this.worlds.values()].map((world) => sourceGuild(world)));
  }

  loadGuild(guildId: string): Promise<RawSnapshot | undefined> {
    const world = this.worlds.get(guildId);
    return Promise.resolve(
      world && { guild: sourceGuild(world), members: world.present, channels: [demoChannel], partial: [] },
    );
  }

  onApplicationBootstrap(): void {
    if (this.settings.MOCK_PACE > 0) for (const world of this.worlds.values()) this.run(world);
  }

  onApplicationShutdown(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private run(world: MockWorld): void {
    const timer = setTimeout(
      () => {
        void this.log.append(world.step(new Date()));
        this.run(world);
      },
      Math.min(world.pause() / this.settings.MOCK_PACE, longestTimer),
    );
    this.timers.set(world.guild.id, timer);
  }
}

function sourceGuild({ guild }: MockWorld): SourceGuild {
  const { id, name, alias, door } = guild;
  return { id, name, iconUrl: null, suggested: { alias, default: guild.default, door } };
}

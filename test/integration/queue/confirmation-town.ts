import { Test, type TestingModule } from '@nestjs/testing';
import { vi } from 'vitest';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { DiscordStatus } from '../../../src/discord/discord-status.js';
import { discordConfig } from '../../../src/discord/discord.config.js';
import { DiscordModule } from '../../../src/discord/discord.module.js';
import { EchoModule } from '../../../src/discord/echo.module.js';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { EventLog } from '../../../src/event-log/event-log.js';
import { EventLogModule } from '../../../src/event-log/event-log.module.js';
import { LeaseRepository } from '../../../src/queue/lease.repository.js';
import { queueConfig } from '../../../src/queue/queue.config.js';
import { QueueModule } from '../../../src/queue/queue.module.js';
import { type FakeDiscord } from '../../../src/testing/fake-discord/index.js';

/** Processes at work on one database and one Discord, with a session on its gateway or without. */
export class Town {
  readonly events: DomainEvent[] = [];
  private readonly modules: TestingModule[] = [];

  constructor(
    readonly discord: FakeDiscord,
    private readonly url: string,
  ) {}

  async start({ gateway = true, worker = true } = {}): Promise<TestingModule> {
    const config = discordConfig.parse({
      DISCORD_TOKEN: this.discord.token,
      DISCORD_API_URL: this.discord.apiUrl,
      GUILDS: '*',
    });
    const discord = DiscordModule.forRoot(config, { gateway, directs: true });
    const settings = { QUEUE_POLL_SECONDS: '1', QUEUE_LEASE_SECONDS: '30', QUEUE_RETRY_SCHEDULE: '1,1,1' };
    const queue = QueueModule.forRoot({ config: queueConfig.parse(settings), imports: [discord] });
    const module = await Test.createTestingModule({
      imports: [
        DatabaseModule.forRoot({ url: this.url }),
        EventLogModule.forRoot({ HISTORY_SIZE: 1_000, HISTORY_SECONDS: 600, PRESENCE_WINDOW_MS: 0 }),
        discord,
        queue,
        ...(gateway ? [EchoModule.forRoot({ imports: [discord, queue] })] : []),
      ],
    }).compile();
    module.useLogger(false);
    module.get(EventLog).subscribe((event) => this.events.push(event));
    this.modules.push(module);
    if (!worker) vi.spyOn(module.get(LeaseRepository), 'claim').mockResolvedValue([]);
    await module.init();
    await module.get(DiscordStatus).settled();
    return module;
  }

  async stop(): Promise<void> {
    await Promise.all(this.modules.map((module) => module.close()));
  }
}

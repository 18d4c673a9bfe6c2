import { type LoggerService } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { expect, vi } from 'vitest';
import { DiscordGuilds } from '../../../src/discord/discord-guilds.js';
import { DiscordMembers } from '../../../src/discord/discord-members.js';
import { DiscordSender } from '../../../src/discord/discord-sender.js';
import { DiscordStatus } from '../../../src/discord/discord-status.js';
import { discordConfig } from '../../../src/discord/discord.config.js';
import { DiscordModule, type DiscordWays } from '../../../src/discord/discord.module.js';
import { InvalidRequestBudget } from '../../../src/discord/invalid-request-budget.js';
import { RestGuilds } from '../../../src/discord/rest-guilds.js';
import { WebhookSender } from '../../../src/discord/webhook-sender.js';
import { type DomainEvent, type DomainEventOf, type DomainEventType } from '../../../src/domain/events/index.js';
import { EventLog } from '../../../src/event-log/event-log.js';
import { EventLogModule } from '../../../src/event-log/event-log.module.js';

/** A deadline for states, in milliseconds; nothing is said about speed. */
export const deadline = 15_000;

/** What all apps have said: Nest has one logger in a process. */
export const logs: string[] = [];

/** The module in a Nest application of its own. */
export class DiscordApp {
  readonly events: DomainEvent[] = [];
  readonly guilds: DiscordGuilds;
  readonly sender: DiscordSender;
  readonly status: DiscordStatus;

  private constructor(private readonly module: TestingModule) {
    this.guilds = module.get(DiscordGuilds);
    this.sender = module.get(DiscordSender);
    this.status = module.get(DiscordStatus);
    module.get(EventLog).subscribe((event) => this.events.push(event));
  }

  static async start(settings: Record<string, string>, ways?: DiscordWays): Promise<DiscordApp> {
    const write = (...words: unknown[]): void => void logs.push(words.map(String).join(' '));
    const logger: LoggerService = { log: write, warn: write, error: write, debug: write, verbose: write, fatal: write };
    const module = await Test.createTestingModule({
      imports: [
        EventLogModule.forRoot({ HISTORY_SIZE: 1000, HISTORY_SECONDS: 600, PRESENCE_WINDOW_MS: 0 }),
        DiscordModule.forRoot(discordConfig.parse(settings), ways),
      ],
    })
      .setLogger(logger)
      .compile();
    const app = new DiscordApp(module);
    await module.init();
    return app;
  }

  get members(): DiscordMembers {
    return this.module.get(DiscordMembers);
  }

  /** There with a token alone. */
  get restGuilds(): RestGuilds {
    return this.module.get(RestGuilds);
  }

  /** How many refused requests it has counted. */
  get refusals(): number {
    return this.module.get(InvalidRequestBudget).refusals;
  }

  get webhooks(): WebhookSender {
    return this.module.get(WebhookSender);
  }

  close(): Promise<void> {
    return this.module.close();
  }

  of<T extends DomainEventType>(type: T): DomainEventOf<T>[] {
    return this.events.filter((event): event is DomainEventOf<T> => event.type === type);
  }

  /** The first event of the type that fits, from the past or to come. */
  async waitFor<T extends DomainEventType>(
    type: T,
    fits: (event: DomainEventOf<T>) => boolean = () => true,
  ): Promise<DomainEventOf<T>> {
    return vi.waitFor(
      () => {
        const event = this.of(type).find(fits);
        expect(event, `no such ${type} among ${this.events.map((e) => e.type).join(', ')}`).toBeDefined();
        return event!;
      },
      { timeout: deadline },
    );
  }

  async waitForState(state: ReturnType<DiscordStatus['current']>['state']): Promise<void> {
    await vi.waitFor(() => expect(this.status.current().state).toBe(state), { timeout: deadline });
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Client, DiscordAPIError, Events, type REST, Routes } from 'discord.js';
import { z } from 'zod';
import { backoff } from '../backoff.js';
import { type BotStanding } from '../bot-standing.js';
import { faultText } from '../fault-text.js';
import { sameCommands } from './command-difference.js';

/** Milliseconds between two tries, at most. */
const longestPause = 600_000;

/**
 * Tells Discord which commands the bot has, once it is connected: looks first, and writes only what differs, since
 * Discord counts writes and shows commands anew after each. Tries for as long as it takes; the bot works meanwhile.
 */
export class CommandRegistration implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(CommandRegistration.name);
  private readonly ended = new AbortController();

  constructor(
    private readonly client: Client,
    private readonly standing: BotStanding,
    private readonly commands: readonly object[],
  ) {}

  onApplicationBootstrap(): void {
    const begin = ({ application, rest }: Client<true>): void => void this.run(application.id, rest);
    if (this.client.isReady()) begin(this.client);
    else this.client.once(Events.ClientReady, begin);
  }

  onApplicationShutdown(): void {
    this.ended.abort();
  }

  private async run(applicationId: string, rest: REST): Promise<void> {
    const { signal } = this.ended;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        const written = await this.bringUpToDate(applicationId, rest);
        if (written || attempt > 0) this.logger.log(`Discord knows the bot's ${this.commands.length} commands`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof DiscordAPIError && error.status === 401) return this.standing.refuse('token');
        const told = `The bot's commands could not be registered (${faultText(error)}); trying again until they are.`;
        if (attempt === 0) this.logger.warn(told);
        else this.logger.debug(told);
      }
      await wait(backoff(attempt, { most: longestPause }), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Whether anything had to be written. */
  private async bringUpToDate(applicationId: string, rest: REST): Promise<boolean> {
    const route = Routes.applicationCommands(applicationId);
    const { signal } = this.ended;
    // Without this, Discord leaves the other languages out.
    const query = new URLSearchParams({ with_localizations: 'true' });
    const known = z.array(z.unknown()).parse(await rest.get(route, { query, signal }));
    if (sameCommands(known, this.commands)) return false;
    await rest.put(route, { body: this.commands, signal });
    return true;
  }
}

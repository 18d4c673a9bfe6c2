import { setTimeout as wait } from 'node:timers/promises';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { backoff } from './backoff.js';
import { DiscordBusyError } from './discord-busy.error.js';
import { faultText } from './fault-text.js';
import { type RestGuilds } from './rest-guilds.js';
import { type RestStatus } from './rest-status.js';

/** Asks Discord at the start, and again while it cannot be asked, so that the status is true when nobody visits too. */
export class RestProbe implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(RestProbe.name);
  private readonly ended = new AbortController();

  constructor(
    private readonly guilds: RestGuilds,
    private readonly status: RestStatus,
  ) {}

  onApplicationBootstrap(): void {
    void this.run();
  }

  onApplicationShutdown(): void {
    this.ended.abort();
  }

  private async run(): Promise<void> {
    while (await this.untilAnswered()) await this.status.lost();
  }

  /** False when there is no more sense in asking. */
  private async untilAnswered(): Promise<boolean> {
    const { signal } = this.ended;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.guilds.refresh(signal);
        return true;
      } catch (error) {
        if (signal.aborted || this.status.tokenRefusal() !== undefined) return false;
        const delay = Math.max(backoff(attempt), error instanceof DiscordBusyError ? error.retryAfterMs : 0);
        this.logger.warn(`${faultText(error)}. Next try in ${(delay / 1000).toFixed(1)} s.`);
        await wait(delay, undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  }
}

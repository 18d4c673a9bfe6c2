import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { TallyRepository } from './tally.repository.js';

/** Milliseconds: what has not been folded is added up at each look. */
const interval = 5_000;

/** Keeps the tallies of ended notifications short to read. */
@Injectable()
export class TallyKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(TallyKeeper.name);
  private timer?: NodeJS.Timeout;
  private folding?: Promise<void>;
  private failing = false;

  constructor(private readonly repository: TallyRepository) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.fold(), interval);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.folding;
  }

  private fold(): void {
    this.folding ??= this.repository
      .fold()
      .then(() => void (this.failing = false))
      .catch((error: unknown) => {
        if (!this.failing) this.logger.warn(`The tallies of notifications are not folded: ${String(error)}`);
        this.failing = true;
      })
      .finally(() => (this.folding = undefined));
  }
}

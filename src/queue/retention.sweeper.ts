import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { NotificationRepository } from './notification.repository.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';

const interval = 3_600_000;
/** Rows of one statement: short enough to hold up nobody. */
const batch = 1_000;

/** Deletes what was delivered or given up longer ago than QUEUE_RETENTION_DAYS: at the start and once an hour. */
@Injectable()
export class RetentionSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RetentionSweeper.name);
  private timer?: NodeJS.Timeout;
  private sweeping?: Promise<void>;
  private stopping = false;

  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly repository: NotificationRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.sweep(), interval);
    this.sweep();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    clearInterval(this.timer);
    await this.sweeping;
  }

  private sweep(): void {
    this.sweeping ??= this.deleteAll()
      .catch((error: unknown) => this.logger.warn(`Old notifications were not deleted: ${String(error)}`))
      .finally(() => (this.sweeping = undefined));
  }

  private async deleteAll(): Promise<void> {
    let deleted: number;
    let total = 0;
    do {
      deleted = await this.repository.deleteFinished(this.config.QUEUE_RETENTION_DAYS, batch);
      total += deleted;
    } while (deleted === batch && !this.stopping);
    if (total > 0) this.logger.log(`Deleted ${total} notifications that were finished long ago`);
  }
}

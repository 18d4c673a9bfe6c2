import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type EndedState, retentionBatch, RetentionRepository } from './operations/retention.repository.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { QueueMetrics } from './queue.metrics.js';
import { Rounds } from './rounds.js';

const hour = 3_600_000;

/**
 * Deletes what was delivered or superseded longer ago than QUEUE_RETENTION_DAYS, and what is dead or unknown for longer than
 * QUEUE_DEAD_RETENTION_DAYS: at the start and once an hour.
 */
@Injectable()
export class RetentionSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RetentionSweeper.name);
  private readonly rounds = new Rounds(() => this.deleteAll(), {
    logger: this.logger,
    trouble: 'Old notifications are not deleted',
    every: hour,
  });

  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly repository: RetentionRepository,
    private readonly metrics: QueueMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }

  private async deleteAll(): Promise<void> {
    const { QUEUE_RETENTION_DAYS: done, QUEUE_DEAD_RETENTION_DAYS: givenUp } = this.config;
    const total =
      (await this.deleteEnded('delivered', done)) +
      (await this.deleteEnded('superseded', done)) +
      (await this.deleteEnded('dead', givenUp)) +
      (await this.deleteEnded('unknown', givenUp));
    if (total > 0) this.logger.log(`Deleted ${total} notifications that ended long ago`);
    await this.repository.deleteJobs(givenUp);
  }

  private async deleteEnded(state: EndedState, days: number): Promise<number> {
    let total = 0;
    while (!this.rounds.ending) {
      const deleted = await this.repository.deleteEnded(state, days);
      total += deleted;
      this.metrics.deleted('retention', deleted);
      // A full batch alone says that there may be more.
      if (deleted < retentionBatch) break;
    }
    return total;
  }
}

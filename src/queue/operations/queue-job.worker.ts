import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PgListener } from '../../database/pg-listener.js';
import { QueueInspection } from '../queue-inspection.js';
import { QueueMetrics } from '../queue.metrics.js';
import { Rounds } from '../rounds.js';
import { jobChannel, type QueueJob, QueueJobRepository } from './queue-job.repository.js';

/** Milliseconds between two looks for jobs that another process left. */
const interval = 5_000;
/** Milliseconds between two batches, for publishers and workers to pass, and while a lane is busy. */
const betweenBatches = 10;
const whileBusy = 100;

/** Carries redrives and purges out. Any number of processes may: each batch is one's. */
@Injectable()
export class QueueJobWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(QueueJobWorker.name);
  private readonly rounds = new Rounds(() => this.carryOutAll(), {
    logger: this.logger,
    trouble: 'Redrives and purges wait',
    every: interval,
  });
  private unlisten?: () => void;

  constructor(
    private readonly repository: QueueJobRepository,
    private readonly inspection: QueueInspection,
    private readonly metrics: QueueMetrics,
    private readonly listener: PgListener,
  ) {}

  onApplicationBootstrap(): void {
    this.unlisten = this.listener.listen(jobChannel, () => this.rounds.ring());
    this.rounds.start();
  }

  /** The batch under way is finished; another process, or the next start, goes on. */
  onModuleDestroy(): Promise<void> {
    this.unlisten?.();
    return this.rounds.stop();
  }

  private async carryOutAll(): Promise<void> {
    for (const job of await this.repository.running()) await this.carryOut(job);
  }

  /** Until it is done or stopped, or another process is at work on it. */
  private async carryOut(job: QueueJob): Promise<void> {
    while (!this.rounds.ending) {
      const step = await this.repository.step(job);
      if (!step) return;
      for (const renewed of step.renewed) this.inspection.tell(renewed);
      if (job.kind === 'purge') this.metrics.deleted('purge', step.done);
      if (step.state !== 'running') {
        this.logger.log(`The ${job.kind} ${job.id} is done`);
        return;
      }
      await pause(step.moved ? betweenBatches : whileBusy);
    }
  }
}

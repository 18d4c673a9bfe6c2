import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PgListener } from '../../database/pg-listener.js';
import { QueueInspection } from '../queue-inspection.js';
import { QueueMetrics } from '../queue.metrics.js';
import { WakeSignal } from '../wake-signal.js';
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
  private readonly wake = new WakeSignal();
  private stopping = false;
  private failing = false;
  private loop?: Promise<void>;
  private unlisten?: () => void;

  constructor(
    private readonly repository: QueueJobRepository,
    private readonly inspection: QueueInspection,
    private readonly metrics: QueueMetrics,
    private readonly listener: PgListener,
  ) {}

  onApplicationBootstrap(): void {
    this.unlisten = this.listener.listen(jobChannel, () => this.wake.ring());
    this.loop = this.work();
  }

  /** The batch under way is finished; another process, or the next start, goes on. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    this.unlisten?.();
    this.wake.ring();
    await this.loop;
  }

  private async work(): Promise<void> {
    while (!this.stopping) {
      try {
        const jobs = await this.repository.running();
        for (const job of jobs) await this.carryOut(job);
        this.failing = false;
      } catch (error) {
        if (!this.failing) this.logger.warn(`Redrives and purges wait: ${String(error)}`);
        this.failing = true;
      }
      await this.wake.sleep(interval);
    }
  }

  /** Until it is done or stopped, or another process is at work on it. */
  private async carryOut(job: QueueJob): Promise<void> {
    while (!this.stopping) {
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

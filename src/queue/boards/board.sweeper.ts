import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { QUEUE_CONFIG, type QueueConfig } from '../queue.config.js';
import { Rounds } from '../rounds.js';
import { BoardRepository } from './board.repository.js';

const hour = 3_600_000;
/** Rows of one statement: short enough to hold up nobody. */
const batch = 1_000;
/** A board may stand still for long and is to go on where it was; without a bound, keys that are used once would add up. */
export const boardDays = 90;

/** Forgets boards that did not change for 90 days, or for QUEUE_RETENTION_DAYS if that is longer. */
@Injectable()
export class BoardSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly rounds = new Rounds(() => this.forgetOld(), {
    logger: new Logger(BoardSweeper.name),
    trouble: 'Old boards are not forgotten',
    every: hour,
  });

  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly boards: BoardRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }

  private async forgetOld(): Promise<void> {
    const days = Math.max(boardDays, this.config.QUEUE_RETENTION_DAYS);
    let forgotten: number;
    do forgotten = await this.boards.removeOld(days, batch);
    while (forgotten === batch && !this.rounds.ending);
  }
}

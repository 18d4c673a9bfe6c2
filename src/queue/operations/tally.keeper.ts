import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Rounds } from '../rounds.js';
import { TallyRepository } from './tally.repository.js';

/** Milliseconds: what has not been folded is added up at each look. */
const interval = 5_000;

/** Keeps the tallies of ended notifications short to read. */
@Injectable()
export class TallyKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly rounds = new Rounds(() => this.repository.fold(), {
    logger: new Logger(TallyKeeper.name),
    trouble: 'The tallies of notifications are not folded',
    every: interval,
  });

  constructor(private readonly repository: TallyRepository) {}

  onApplicationBootstrap(): void {
    this.rounds.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }
}

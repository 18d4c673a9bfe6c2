import { type Logger } from '@nestjs/common';
import { WakeSignal } from './wake-signal.js';

/** Milliseconds before the second round after a failure, doubled with each, and the most. */
const firstPause = 500;
const longestPause = 10_000;

interface RoundsOptions {
  logger: Logger;
  /** What is the matter while rounds fail, for the log. */
  trouble: string;
  /** Milliseconds from one round to the next. */
  every: number;
}

/**
 * What is done from time to time, one round at a time: at the start, when it is rung, and after a pause. A round that fails is
 * repeated soon, and the first failure in a row is logged.
 */
export class Rounds {
  private readonly wake = new WakeSignal();
  private stopping = false;
  private failures = 0;
  private loop?: Promise<void>;

  /** `work` does one round, and may answer the milliseconds until the next one. */
  constructor(
    private readonly work: () => Promise<number | void>,
    private readonly options: RoundsOptions,
  ) {}

  /** Whether a long round is to end early. */
  get ending(): boolean {
    return this.stopping;
  }

  start(): void {
    this.loop ??= this.goOn();
  }

  /** A round now; after the one that is under way. */
  ring(): void {
    this.wake.ring();
  }

  /** Waits for the round that is under way. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wake.ring();
    await this.loop;
  }

  private async goOn(): Promise<void> {
    while (!this.stopping) {
      const pause = await this.round();
      if (pause > 0 && !this.stopping) await this.wake.sleep(pause);
    }
  }

  private async round(): Promise<number> {
    const { logger, trouble, every } = this.options;
    try {
      const pause = await this.work();
      this.failures = 0;
      return pause ?? every;
    } catch (error) {
      if (this.failures === 0) logger.warn(`${trouble}, trying on: ${String(error)}`);
      const pause = Math.min(every, longestPause, firstPause * 2 ** this.failures);
      this.failures += 1;
      return pause;
    }
  }
}

import {
  BrokenCircuitError,
  bulkhead,
  BulkheadRejectedError,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { busyFor, SourceBusyError } from './source-busy.error.js';

export interface GuardLimits {
  /** Milliseconds for one answer. */
  timeoutMs: number;
  /** Questions to one source at the same time; as many times ten may wait. */
  concurrency: number;
}

/** Failures in a row after which a source is left alone for a while. */
const mostFailures = 5;

/** How long it is left alone: longer with each time that it is still broken. In milliseconds. */
const rest = { initialDelay: 1_000, maxDelay: 30_000 };

/** Longest time that a source may ask to be left alone, in milliseconds. */
const longestBusy = 3_600_000;

/**
 * Stands between us and a source: an answer has its time, only so many questions are asked at once, one that keeps failing
 * is left alone for a while, and one that says it is busy is obeyed.
 */
export class SourceGuard {
  private readonly policy: IPolicy;
  private busyUntil = -Infinity;

  constructor(private readonly limits: GuardLimits) {
    const { timeoutMs, concurrency } = limits;
    const failure = handleWhen((error) => busyFor(error) === undefined);
    const breaker = circuitBreaker(failure, {
      breaker: new ConsecutiveBreaker(mostFailures),
      halfOpenAfter: new ExponentialBackoff(rest),
    });
    this.policy = wrap(
      bulkhead(concurrency, concurrency * 10),
      breaker,
      timeout(timeoutMs, TimeoutStrategy.Aggressive),
    );
  }

  /** @throws whatever `question` throws, or why it was not asked */
  async ask<T>(question: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const left = this.busyUntil - performance.now();
    // Always the same words: they are a fault like any other to whoever counts faults.
    if (left > 0) throw new SourceBusyError('asked not to be asked for a while', left);
    try {
      return await this.policy.execute(({ signal }) => question(signal));
    } catch (error) {
      const busy = busyFor(error);
      if (busy !== undefined) this.busyUntil = performance.now() + Math.min(Math.max(busy, 0), longestBusy);
      throw this.inOurWords(error);
    }
  }

  private inOurWords(error: unknown): unknown {
    if (error instanceof TaskCancelledError) return new Error(`no answer within ${this.limits.timeoutMs} ms`);
    if (error instanceof BrokenCircuitError) return new Error('left alone for a while after failing again and again');
    if (error instanceof BulkheadRejectedError) return new Error('too many questions are waiting');
    return error;
  }
}

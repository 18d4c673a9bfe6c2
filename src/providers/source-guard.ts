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
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { busyFor, SourceBusyError } from './source-busy.error.js';

export interface GuardLimits {
  /** Milliseconds for one answer. */
  timeoutMs: number;
  /** Questions to one source at the same time; as many times ten may wait. */
  concurrency: number;
  /** Questions to one source in a minute; 0: any number. */
  perMinute: number;
}

/** Failures in a row after which a source is left alone for a while. */
const mostFailures = 5;

/** How long it is left alone: longer with each time that it is still broken. In milliseconds. */
const rest = { initialDelay: 1_000, maxDelay: 30_000 };

/** Longest time that a source may ask to be left alone, in milliseconds. */
const longestBusy = 3_600_000;

/** Seconds of the window in which questions are counted; it begins with the first. */
const window = 60;
/** All questions of a source count together. */
const all = 'all';

/** Said by us and not by the source, which is therefore not to be left alone for longer than our own count wants. */
class SpentError extends SourceBusyError {
  constructor(perMinute: number, retryAfterMs: number) {
    super(`has been asked as often as it may be, ${perMinute} times in a minute`, retryAfterMs);
  }
}

/**
 * Stands between us and a source: an answer has its time, only so many questions are asked at once and in a minute, one
 * that keeps failing is left alone for a while, and one that says it is busy is obeyed.
 */
export class SourceGuard {
  private readonly places: IPolicy;
  private readonly policy: IPolicy;
  private readonly budget: RateLimiterMemory | undefined;
  private busyUntil = -Infinity;

  constructor(private readonly limits: GuardLimits) {
    const { timeoutMs, concurrency, perMinute } = limits;
    const failure = handleWhen((error) => busyFor(error) === undefined);
    const breaker = circuitBreaker(failure, {
      breaker: new ConsecutiveBreaker(mostFailures),
      halfOpenAfter: new ExponentialBackoff(rest),
    });
    this.places = bulkhead(concurrency, concurrency * 10);
    this.policy = wrap(breaker, timeout(timeoutMs, TimeoutStrategy.Aggressive));
    if (perMinute > 0) this.budget = new RateLimiterMemory({ points: perMinute, duration: window });
  }

  /**
   * `lesser` questions leave half of the minute's number to the others.
   * @throws whatever `question` throws, or why it was not asked
   */
  async ask<T>(question: (signal: AbortSignal) => Promise<T>, { lesser = false } = {}): Promise<T> {
    const left = this.busyUntil - performance.now();
    // Always the same words: they are a fault like any other to whoever counts faults.
    if (left > 0) throw new SourceBusyError('asked not to be asked for a while', left);
    try {
      return await this.places.execute(() => {
        const { budget } = this;
        return budget ? this.askWithin(budget, question, lesser) : this.askNow(question);
      });
    } catch (error) {
      const busy = error instanceof SpentError ? undefined : busyFor(error);
      if (busy !== undefined) this.busyUntil = performance.now() + Math.min(Math.max(busy, 0), longestBusy);
      throw this.inOurWords(error);
    }
  }

  private askNow<T>(question: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.policy.execute(({ signal }) => question(signal));
  }

  /** Outside the circuit: a question that was not asked says nothing about the source, good or bad. */
  private async askWithin<T>(
    budget: RateLimiterMemory,
    question: (signal: AbortSignal) => Promise<T>,
    lesser: boolean,
  ): Promise<T> {
    const { perMinute } = this.limits;
    const count = lesser ? await budget.get(all) : null;
    if (count && count.remainingPoints <= perMinute / 2) throw new SpentError(perMinute, count.msBeforeNext);
    await budget.consume(all).catch((refusal: unknown) => {
      throw refusal instanceof RateLimiterRes ? new SpentError(perMinute, refusal.msBeforeNext) : refusal;
    });
    try {
      return await this.askNow(question);
    } catch (error) {
      // It was not asked after all.
      if (error instanceof BrokenCircuitError) await budget.reward(all);
      throw error;
    }
  }

  private inOurWords(error: unknown): unknown {
    if (error instanceof TaskCancelledError) return new Error(`no answer within ${this.limits.timeoutMs} ms`);
    if (error instanceof BrokenCircuitError) return new Error('left alone for a while after failing again and again');
    if (error instanceof BulkheadRejectedError) return new Error('too many questions are waiting');
    return error;
  }
}

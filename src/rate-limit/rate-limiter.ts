import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** What is counted apart: requests, messages on sockets, rooms entered, things published, failed keys. */
export const rateBuckets = ['http', 'socket', 'join', 'publish', 'failed-key'] as const;
export type RateBucket = (typeof rateBuckets)[number];

/** Points per minute. */
export type RateLimits = Record<RateBucket, number>;

export interface RateVerdict {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Seconds until the count starts anew. */
  resetSeconds: number;
  /** Seconds to wait; there only when not allowed. */
  retryAfter?: number;
}

type CounterFactory = (bucket: RateBucket, limit: number) => RateLimiterAbstract;

const window = 60;
/** Per bucket. With more clients than that the longest silent one is forgotten, so that memory stays bounded. */
const rememberedClients = 10_000;
const complaintPause = 10_000;

/**
 * Counts points per bucket and client in windows of a minute that begin with the client's first point. A counter that
 * fails lets everything pass and is complained about in the log: a limiter must never be the reason of an outage.
 */
export class RateLimiter {
  private readonly logger = new Logger(RateLimiter.name);
  private readonly counters = new Map<RateBucket, RateLimiterAbstract>();
  private lastComplaint = 0;

  constructor(
    private readonly limits: RateLimits,
    makeCounter: CounterFactory = (_bucket, limit) => new BoundedCounter(limit, rememberedClients),
    /** Hears of every verdict that said no. */
    private readonly onRefusal: (bucket: RateBucket) => void = () => undefined,
  ) {
    for (const bucket of rateBuckets) this.counters.set(bucket, makeCounter(bucket, limits[bucket]));
  }

  /** Points per minute. */
  limitOf(bucket: RateBucket): number {
    return this.limits[bucket];
  }

  /** Takes `points`, all or none, and tells whether that was allowed. Never throws. */
  async take(bucket: RateBucket, client: string, points = 1): Promise<RateVerdict> {
    return this.judge(bucket, async (counter) => {
      try {
        return { allowed: true, count: await counter.consume(client, points) };
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        // The counter has counted them all the same, and what costs less may still fit.
        return { allowed: false, count: points > 1 ? await counter.reward(client, points) : refusal };
      }
    });
  }

  /** Tells whether one more point would be allowed, and takes nothing. Never throws. */
  async peek(bucket: RateBucket, client: string): Promise<RateVerdict> {
    return this.judge(bucket, async (counter) => {
      const count = await counter.get(client);
      return { allowed: count === null || count.remainingPoints > 0, count };
    });
  }

  private async judge(
    bucket: RateBucket,
    ask: (counter: RateLimiterAbstract) => Promise<{ allowed: boolean; count: RateLimiterRes | null }>,
  ): Promise<RateVerdict> {
    const limit = this.limits[bucket];
    try {
      const { allowed, count } = await ask(this.counterOf(bucket));
      const resetSeconds = count === null ? 0 : Math.max(1, Math.ceil(count.msBeforeNext / 1000));
      const verdict = { allowed, limit, remaining: count?.remainingPoints ?? limit, resetSeconds };
      if (!allowed) this.onRefusal(bucket);
      return allowed ? verdict : { ...verdict, retryAfter: resetSeconds };
    } catch (error) {
      this.complain(bucket, error);
      return { allowed: true, limit, remaining: limit, resetSeconds: 0 };
    }
  }

  private counterOf(bucket: RateBucket): RateLimiterAbstract {
    const counter = this.counters.get(bucket);
    if (!counter) throw new Error(`There is no rate limit named ${bucket}`);
    return counter;
  }

  private complain(bucket: RateBucket, error: unknown): void {
    if (Date.now() - this.lastComplaint < complaintPause) return;
    this.lastComplaint = Date.now();
    this.logger.error(`The rate limit ${bucket} does not work, so everything passes: ${String(error)}`);
  }
}

/** The library's memory counter keeps every key of the last minute; this one keeps the last `most` of them. */
export class BoundedCounter extends RateLimiterMemory {
  private readonly seen: LRUCache<string, true>;

  constructor(limit: number, most: number) {
    super({ points: limit, duration: window });
    this.seen = new LRUCache({ max: most, dispose: (_value, key) => void super.delete(key) });
  }

  override consume(key: string | number, points?: number): Promise<RateLimiterRes> {
    if (!this.seen.get(String(key))) this.seen.set(String(key), true);
    return super.consume(key, points);
  }
}

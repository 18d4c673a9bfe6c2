import { addressGroup } from './client-address.js';
import { type RateLimiter } from './rate-limiter.js';

/** Counts tries with unknown keys, by address; fits the port that the guard of the keys asks. */
export class FailedAttempts {
  constructor(private readonly limiter: RateLimiter) {}

  /** Seconds until the address may try again; undefined while it may. */
  async check(address: string): Promise<number | undefined> {
    return (await this.limiter.peek('failed-key', addressGroup(address))).retryAfter;
  }

  async failed(address: string): Promise<void> {
    await this.limiter.take('failed-key', addressGroup(address));
  }
}

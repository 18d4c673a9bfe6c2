import { createHash } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { CacheInvalidation } from './cache-invalidation.js';
import { CacheStore, type CachedAnswer, type KeepOptions } from './cache-store.js';

/** What a handler made: the JSON text of its answer, and whether everybody may see it. */
export interface MadeAnswer {
  body: string;
  shareable: boolean;
}

interface GivenAnswer {
  answer: CachedAnswer;
  shareable: boolean;
  /** True when no handler ran for this caller. */
  hit: boolean;
}

interface Flight {
  tags: readonly string[];
  /** Undefined when the answer is not for everybody, or could not be made. */
  landing: Promise<CachedAnswer | undefined>;
  /** Set by an invalidation: the answer may rest on what was true before, and must not be kept. */
  outdated: boolean;
}

const complaintPause = 10_000;

/**
 * Answers from the store, or by `make`, at most once at a time per key. Only shareable answers are kept or given to
 * those who wait. A store that fails costs its speed and nothing else.
 */
@Injectable()
export class ResponseCache extends CacheInvalidation {
  private readonly logger = new Logger(ResponseCache.name);
  private readonly flights = new Map<string, Flight>();
  private lastComplaint = 0;

  constructor(private readonly store: CacheStore) {
    super();
  }

  async answer(key: string, options: KeepOptions, make: () => Promise<MadeAnswer>): Promise<GivenAnswer> {
    const kept = await this.safely(() => this.store.get(key));
    if (kept) return { answer: kept, shareable: true, hit: true };
    const flying = this.flights.get(key);
    if (flying) {
      const answer = await flying.landing;
      if (answer) return { answer, shareable: true, hit: true };
      // Made for another caller alone, or failed for that caller: this one has its own right to an answer.
      const { body, shareable } = await make();
      return { answer: answerOf(body), shareable, hit: false };
    }
    return this.fly(key, options, make);
  }

  override async invalidate(tag: string): Promise<void> {
    for (const [key, flight] of this.flights) {
      if (!flight.tags.includes(tag)) continue;
      flight.outdated = true;
      // Who comes from now on must not wait for it.
      this.flights.delete(key);
    }
    await this.safely(() => this.store.invalidateTag(tag));
  }

  private async fly(key: string, options: KeepOptions, make: () => Promise<MadeAnswer>): Promise<GivenAnswer> {
    let land: (answer: CachedAnswer | undefined) => void = () => undefined;
    const landing = new Promise<CachedAnswer | undefined>((resolve) => (land = resolve));
    const flight: Flight = { tags: options.tags, landing, outdated: false };
    this.flights.set(key, flight);
    try {
      const { body, shareable } = await make();
      const answer = answerOf(body);
      if (!shareable) return { answer, shareable, hit: false };
      if (!flight.outdated) await this.safely(() => this.store.set(key, answer, options));
      // An invalidation may have come while the store was writing.
      if (flight.outdated) await this.safely(() => this.store.delete(key));
      land(answer);
      return { answer, shareable, hit: false };
    } finally {
      land(undefined);
      if (this.flights.get(key) === flight) this.flights.delete(key);
    }
  }

  private async safely<T>(use: () => Promise<T>): Promise<T | undefined> {
    try {
      return await use();
    } catch (error) {
      if (Date.now() - this.lastComplaint >= complaintPause) {
        this.lastComplaint = Date.now();
        this.logger.warn(`The cache does not work, so every answer is made anew: ${String(error)}`);
      }
      return undefined;
    }
  }
}

function answerOf(body: string): CachedAnswer {
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"`, madeAt: Date.now() };
}

/** An answer as it goes out, made once. */
export interface CachedAnswer {
  /** JSON text. */
  body: string;
  /** Strong entity tag, with its quotes. */
  etag: string;
  /** Milliseconds since 1970. */
  madeAt: number;
}

export interface KeepOptions {
  ttlSeconds: number;
  /** Names under which the answer can be thrown away before its time. */
  tags: readonly string[];
}

/** Where answers are kept. Any method may throw: callers must be able to do without. */
export abstract class CacheStore {
  /** Undefined when there is none, or none that is fresh. */
  abstract get(key: string): Promise<CachedAnswer | undefined>;

  /** May keep nothing at all, for instance an answer that is too large. */
  abstract set(key: string, answer: CachedAnswer, options: KeepOptions): Promise<void>;

  abstract delete(key: string): Promise<void>;

  /** Throws away every answer with this tag. */
  abstract invalidateTag(tag: string): Promise<void>;
}

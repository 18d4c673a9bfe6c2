import { LRUCache } from 'lru-cache';
import { CacheStore, type CachedAnswer, type KeepOptions } from './cache-store.js';

interface MemoryCacheOptions {
  maxEntries: number;
  /** Bound of keys, bodies and tags together. */
  maxBytes: number;
}

interface Kept {
  answer: CachedAnswer;
  tags: readonly string[];
}

/** Keeps answers in this process; the longest unused ones go first when a bound is reached. */
export class MemoryCacheStore extends CacheStore {
  private readonly keysOfTag = new Map<string, Set<string>>();
  private readonly answers: LRUCache<string, Kept>;

  constructor({ maxEntries, maxBytes }: MemoryCacheOptions) {
    super();
    this.answers = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: sizeOf,
      dispose: (kept, key) => this.forgetTags(key, kept.tags),
    });
  }

  get(key: string): Promise<CachedAnswer | undefined> {
    return Promise.resolve(this.answers.get(key)?.answer);
  }

  set(key: string, answer: CachedAnswer, { ttlSeconds, tags }: KeepOptions): Promise<void> {
    this.answers.set(key, { answer, tags }, { ttl: ttlSeconds * 1000 });
    // An answer over the byte bound is not kept; its tags must not stay behind.
    if (this.answers.has(key)) this.rememberTags(key, tags);
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.answers.delete(key);
    return Promise.resolve();
  }

  invalidateTag(tag: string): Promise<void> {
    for (const key of [...(this.keysOfTag.get(tag) ?? [])]) this.answers.delete(key);
    return Promise.resolve();
  }

  private rememberTags(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.keysOfTag.get(tag);
      if (keys) keys.add(key);
      else this.keysOfTag.set(tag, new Set([key]));
    }
  }

  private forgetTags(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.keysOfTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.keysOfTag.delete(tag);
    }
  }
}

function sizeOf({ answer, tags }: Kept, key: string): number {
  const bookkeeping = 200;
  const names = key.length + tags.reduce((sum, tag) => sum + tag.length, 0);
  return Buffer.byteLength(answer.body) + 2 * names + bookkeeping;
}

import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CacheStore } from '../../../src/cache/cache-store.js';
import { MemoryCacheStore } from '../../../src/cache/memory-cache-store.js';
import { type MadeAnswer, ResponseCache } from '../../../src/cache/response-cache.js';

const keep = { ttlSeconds: 10, tags: ['guild:1'] };

afterEach(() => {
  vi.restoreAllMocks();
});

function newCache(): ResponseCache {
  return new ResponseCache(new MemoryCacheStore({ maxEntries: 10, maxBytes: 100_000 }));
}

/** A handler that answers when the test says so. */
function heldHandler(): {
  make: () => Promise<MadeAnswer>;
  calls: () => number;
  release: (made: MadeAnswer | Error) => void;
} {
  const waiting: { resolve: (made: MadeAnswer) => void; reject: (error: Error) => void }[] = [];
  return {
    make: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    calls: () => waiting.length,
    release: (made) => {
      for (const { resolve, reject } of waiting) {
        if (made instanceof Error) reject(made);
        else resolve(made);
      }
    },
  };
}

const made =
  (body: string, shareable = true) =>
  () =>
    Promise.resolve({ body, shareable });

describe('ResponseCache', () => {
  it('makes an answer once and gives the very same text again', async () => {
    const cache = newCache();
    const first = await cache.answer('k', keep, made('{"n":1}'));
    const second = await cache.answer('k', keep, made('{"n":2}'));
    expect(first).toMatchObject({ hit: false, shareable: true, answer: { body: '{"n":1}' } });
    expect(second).toEqual({ ...first, hit: true });
    expect(first.answer.etag).toMatch(/^"[\w-]{43}"$/);
  });

  it('gives different texts different tags, and equal texts equal ones', async () => {
    const [a, b, c] = await Promise.all([
      newCache().answer('k', keep, made('1')),
      newCache().answer('k', keep, made('2')),
      newCache().answer('other', keep, made('1')),
    ]);
    expect(a.answer.etag).not.toBe(b.answer.etag);
    expect(a.answer.etag).toBe(c.answer.etag);
  });

  it('asks the handler once for all who come meanwhile', async () => {
    const cache = newCache();
    const handler = heldHandler();
    const all = Promise.all(Array.from({ length: 20 }, () => cache.answer('k', keep, handler.make)));
    await vi.waitFor(() => expect(handler.calls()).toBe(1));
    handler.release({ body: '1', shareable: true });
    const answers = await all;
    expect(answers.filter(({ hit }) => !hit)).toHaveLength(1);
    expect(new Set(answers.map(({ answer }) => answer))).toHaveLength(1);
    expect(handler.calls()).toBe(1);
  });

  it('never gives a private answer to another caller', async () => {
    const cache = newCache();
    const handler = heldHandler();
    const mine = cache.answer('k', keep, handler.make);
    const theirs = cache.answer('k', keep, made('for everybody'));
    await vi.waitFor(() => expect(handler.calls()).toBe(1));
    handler.release({ body: 'mine alone', shareable: false });
    expect(await mine).toMatchObject({ shareable: false, answer: { body: 'mine alone' } });
    expect((await theirs).answer.body).toBe('for everybody');
    expect((await cache.answer('k', keep, made('later'))).answer.body).toBe('later');
  });

  it('keeps no failure, and lets those who wait try themselves', async () => {
    const cache = newCache();
    const handler = heldHandler();
    const failing = cache.answer('k', keep, handler.make);
    const waiting = cache.answer('k', keep, made('2'));
    await vi.waitFor(() => expect(handler.calls()).toBe(1));
    handler.release(new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    expect((await waiting).answer.body).toBe('2');
    expect(await cache.answer('k', keep, made('3'))).toMatchObject({ answer: { body: '3' } });
  });

  it('forgets an answer by its tag', async () => {
    const cache = newCache();
    await cache.answer('k', keep, made('1'));
    await cache.invalidate('guild:2');
    expect((await cache.answer('k', keep, made('2'))).answer.body).toBe('1');
    await cache.invalidate('guild:1');
    expect((await cache.answer('k', keep, made('2'))).answer.body).toBe('2');
  });

  it('does not keep an answer that was being made when its tag was invalidated', async () => {
    const store = new MemoryCacheStore({ maxEntries: 10, maxBytes: 100_000 });
    const kept = vi.spyOn(store, 'set');
    const cache = new ResponseCache(store);
    const handler = heldHandler();
    const early = cache.answer('k', keep, handler.make);
    await vi.waitFor(() => expect(handler.calls()).toBe(1));
    await cache.invalidate('guild:1');
    const later = await cache.answer('k', keep, made('after'));
    expect(later).toMatchObject({ hit: false, answer: { body: 'after' } });
    handler.release({ body: 'before', shareable: true });
    expect((await early).answer.body).toBe('before');
    expect((await cache.answer('k', keep, made('last'))).answer.body).not.toBe('before');
    expect(kept.mock.calls.map(([, answer]) => answer.body)).not.toContain('before');
  });

  it('goes on without its store, and says so once', async () => {
    const complaint = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const cache = new ResponseCache(new BrokenStore());
    expect(await cache.answer('k', keep, made('1'))).toMatchObject({ hit: false, answer: { body: '1' } });
    expect(await cache.answer('k', keep, made('2'))).toMatchObject({ hit: false, answer: { body: '2' } });
    await cache.invalidate('guild:1');
    expect(complaint.mock.calls.map(([text]) => text as unknown)).toEqual([expect.stringContaining('out of order')]);
  });
});

class BrokenStore extends CacheStore {
  get = (): Promise<never> => this.fail();
  set = (): Promise<never> => this.fail();
  delete = (): Promise<never> => this.fail();
  invalidateTag = (): Promise<never> => this.fail();

  private fail(): Promise<never> {
    return Promise.reject(new Error('out of order'));
  }
}

import { describe, expect, it, vi } from 'vitest';
import { type CachedAnswer } from '../../../src/cache/cache-store.js';
import { MemoryCacheStore } from '../../../src/cache/memory-cache-store.js';

const answer = (body: string): CachedAnswer => ({ body, etag: `"${body.length}"`, madeAt: 0 });
const roomy = { maxEntries: 100, maxBytes: 1_000_000 };

describe('MemoryCacheStore', () => {
  it('gives back what was set, until it is deleted', async () => {
    const store = new MemoryCacheStore(roomy);
    expect(await store.get('a')).toBeUndefined();
    await store.set('a', answer('1'), { ttlSeconds: 10, tags: [] });
    expect(await store.get('a')).toEqual(answer('1'));
    await store.delete('a');
    expect(await store.get('a')).toBeUndefined();
  });

  it('forgets when the time is over', async () => {
    const store = new MemoryCacheStore(roomy);
    await store.set('short', answer('1'), { ttlSeconds: 0.05, tags: ['all'] });
    await store.set('long', answer('2'), { ttlSeconds: 600, tags: ['all'] });
    await vi.waitFor(async () => expect(await store.get('short')).toBeUndefined(), { timeout: 5_000 });
    expect(await store.get('long')).toEqual(answer('2'));
  });

  it('throws away by tag, and nothing else', async () => {
    const store = new MemoryCacheStore(roomy);
    await store.set('a', answer('1'), { ttlSeconds: 10, tags: ['guild:1', 'guilds'] });
    await store.set('b', answer('2'), { ttlSeconds: 10, tags: ['guild:2', 'guilds'] });
    await store.set('c', answer('3'), { ttlSeconds: 10, tags: [] });
    await store.invalidateTag('guild:1');
    expect([await store.get('a'), await store.get('b'), await store.get('c')]).toEqual([
      undefined,
      answer('2'),
      answer('3'),
    ]);
    await store.invalidateTag('guilds');
    await store.invalidateTag('nobody has this');
    expect([await store.get('b'), await store.get('c')]).toEqual([undefined, answer('3')]);
  });

  it('follows the tags of the newest answer of a key', async () => {
    const store = new MemoryCacheStore(roomy);
    await store.set('a', answer('1'), { ttlSeconds: 10, tags: ['old', 'both'] });
    await store.set('a', answer('2'), { ttlSeconds: 10, tags: ['new', 'both'] });
    await store.invalidateTag('old');
    expect(await store.get('a')).toEqual(answer('2'));
    await store.invalidateTag('both');
    expect(await store.get('a')).toBeUndefined();
  });

  it('is bounded by count: the longest unused goes first', async () => {
    const store = new MemoryCacheStore({ ...roomy, maxEntries: 2 });
    for (const key of ['a', 'b']) await store.set(key, answer(key), { ttlSeconds: 10, tags: [] });
    await store.get('a');
    await store.set('c', answer('c'), { ttlSeconds: 10, tags: [] });
    expect([await store.get('a'), await store.get('b'), await store.get('c')]).toEqual([
      answer('a'),
      undefined,
      answer('c'),
    ]);
  });

  it('is bounded by bytes, counted as they go out', async () => {
    const store = new MemoryCacheStore({ maxEntries: 100, maxBytes: 10_000 });
    const body = 'é'.repeat(2_000);
    for (const key of ['a', 'b', 'c']) await store.set(key, answer(body), { ttlSeconds: 10, tags: ['all'] });
    expect(await store.get('a')).toBeUndefined();
    expect(await store.get('c')).toBeDefined();
  });

  it('does not keep an answer larger than itself, and keeps the others', async () => {
    const store = new MemoryCacheStore({ maxEntries: 100, maxBytes: 10_000 });
    await store.set('small', answer('1'), { ttlSeconds: 10, tags: ['all'] });
    await store.set('large', answer('x'.repeat(20_000)), { ttlSeconds: 10, tags: ['all'] });
    expect(await store.get('large')).toBeUndefined();
    expect(await store.get('small')).toBeDefined();
  });

  it('remembers no tags of answers it does not have', async () => {
    const store = new MemoryCacheStore({ maxEntries: 2, maxBytes: 10_000 });
    await store.set('large', answer('x'.repeat(20_000)), { ttlSeconds: 10, tags: ['never kept'] });
    for (const key of ['a', 'b', 'c', 'd']) await store.set(key, answer(key), { ttlSeconds: 10, tags: [`tag ${key}`] });
    await store.delete('c');
    expect([...store['keysOfTag'].keys()]).toEqual(['tag d']);
  });
});

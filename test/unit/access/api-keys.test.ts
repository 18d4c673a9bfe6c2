import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ApiKeys } from '../../../src/access/api-keys.js';

const keys = ['first-key-of-the-list', 'second-key-of-the-list', 'third-key-of-the-list'] as const;

describe('ApiKeys', () => {
  const apiKeys = new ApiKeys([
    { scope: 'admin', key: keys[0] },
    { scope: 'publish', key: keys[1] },
    { scope: 'read', key: keys[2] },
    { scope: 'consume', key: keys[2] },
  ]);

  it('finds every key, wherever it stands, with its scopes', () => {
    expect([...(apiKeys.find(keys[0])?.scopes ?? [])].sort()).toEqual([
      'admin',
      'consume',
      'mention',
      'metrics',
      'publish',
      'read',
    ]);
    expect([...(apiKeys.find(keys[1])?.scopes ?? [])]).toEqual(['publish']);
    expect([...(apiKeys.find(keys[2])?.scopes ?? [])].sort()).toEqual(['consume', 'read']);
  });

  it('finds nothing for what is not a key', () => {
    for (const text of ['', 'first-key', `${keys[0]} `, keys[1].toUpperCase(), 'x'.repeat(100_000)]) {
      expect(apiKeys.find(text)).toBeUndefined();
    }
    expect(new ApiKeys([]).find('anything at all')).toBeUndefined();
  });

  it('names each key by a fingerprint: stable, distinct, and not part of the key', () => {
    const ids = keys.map((key) => apiKeys.find(key)?.id ?? '');
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}$/);
    const again = new ApiKeys([{ scope: 'read', key: keys[1] }]);
    expect(again.find(keys[1])?.id).toBe(ids[1]);
  });

  it('holds no key', () => {
    const dump = inspect(apiKeys, { depth: null, showHidden: true, maxStringLength: null });
    for (const key of keys) expect(dump).not.toContain(key);
  });
});

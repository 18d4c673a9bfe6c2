import { ApiKeys, type KeyEntry } from '../../src/access/api-keys.js';

const known = new Map<string, ApiKeys>();

/** Fingerprints of keys are slow on purpose, and a set of keys never changes: applications with the same keys share one. */
export function apiKeysOf(entries: readonly KeyEntry[]): ApiKeys {
  const name = JSON.stringify(entries);
  const keys = known.get(name) ?? new ApiKeys(entries);
  known.set(name, keys);
  return keys;
}

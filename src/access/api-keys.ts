import { createHash, scryptSync, timingSafeEqual } from 'node:crypto';
import { type Scope, scopes } from './scope.js';

/** One `scope=key` of the settings. */
export interface KeyEntry {
  scope: Scope;
  key: string;
}

/** A key as the rest of the house knows it: never the key itself. */
export interface ApiKey {
  /** Short public fingerprint, the same at every start: fit for logs and as the name of a publisher. */
  readonly id: string;
  /** With every implied scope spelled out. */
  readonly scopes: ReadonlySet<Scope>;
}

interface StoredKey {
  digest: Buffer;
  apiKey: { id: string; scopes: Set<Scope> };
}

/** The keys this process accepts. Holds digests only, so that a dump of the memory's objects shows no key. */
export class ApiKeys {
  private readonly stored: StoredKey[] = [];

  /** The same key may come with several scopes: it then has them all. */
  constructor(entries: readonly KeyEntry[]) {
    for (const { scope, key } of entries) this.add(scope, key);
  }

  /** Undefined for an unknown key. Takes the same time wherever the key stands in the list, and if it is not there. */
  find(key: string): ApiKey | undefined {
    const digest = digestOf(key);
    let found: ApiKey | undefined;
    // No early return: the number of comparisons would tell a key's place.
    for (const candidate of this.stored) if (timingSafeEqual(candidate.digest, digest)) found = candidate.apiKey;
    return found;
  }

  private add(scope: Scope, key: string): void {
    const digest = digestOf(key);
    let stored = this.stored.find((candidate) => candidate.digest.equals(digest));
    if (!stored) this.stored.push((stored = { digest, apiKey: { id: fingerprintOf(key), scopes: new Set() } }));
    for (const implied of scope === 'admin' ? scopes : [scope]) stored.apiKey.scopes.add(implied);
  }
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Slow on purpose: fingerprints are public, and a plain hash would let weak keys be guessed from them offline. */
function fingerprintOf(key: string): string {
  return scryptSync(key, 'guildcast api key fingerprint', 6, { N: 2 ** 14, r: 8, p: 1 }).toString('hex');
}

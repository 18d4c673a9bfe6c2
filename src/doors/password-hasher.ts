import { createHmac, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { bulkhead, type BulkheadPolicy, BulkheadRejectedError } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import { Fault } from '../domain/fault.js';

/** argon2id, as OWASP advises: 19 MiB and two passes for each try. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Tries at once, and how many more may wait: the memory of the process is not for guessers to spend. */
const usualLimits = { atOnce: 2, waiting: 500 };

/** Right passwords that need no further try, and for how long, in milliseconds. */
const mostKnown = 10_000;
const knownFor = 600_000;

/** Hashes passwords and compares them. What a password is stands nowhere, not even in memory. */
export class PasswordHasher {
  private readonly places: BulkheadPolicy;
  private readonly key = randomBytes(32);
  private readonly known = new LRUCache<string, true>({ max: mostKnown, ttl: knownFor });
  private readonly trying = new Map<string, Promise<boolean>>();

  constructor({ atOnce, waiting } = usualLimits) {
    this.places = bulkhead(atOnce, waiting);
  }

  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(plain(password), cost));
  }

  /** The same question at the same time is one try. @throws Fault `service.unavailable` when too many wait */
  async matches(hashed: string, password: string): Promise<boolean> {
    const name = createHmac('sha256', this.key).update(hashed).update('\0').update(plain(password)).digest('base64');
    if (this.known.has(name)) return true;
    let answer = this.trying.get(name);
    if (!answer) {
      answer = this.inTurn(() => verify(hashed, plain(password))).finally(() => this.trying.delete(name));
      this.trying.set(name, answer);
    }
    const right = await answer;
    if (right) this.known.set(name, true);
    return right;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.places.execute(work);
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error;
      throw new Fault('service.unavailable', 'Too many passwords are being looked at.', { retryAfter: 5 });
    }
  }
}

/** The same password is the same bytes, whatever keyboard it comes from. */
function plain(password: string): string {
  return password.normalize('NFKC');
}

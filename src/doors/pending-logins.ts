import { timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { digestOf, secretWord } from './secret-word.js';

/** Browsers that may be on their way through Discord at once, and for how long, in milliseconds. */
const mostPending = 10_000;
const usualTime = 600_000;

/** What a browser takes along: `state` and `challenge` in addresses, `binder` in a cookie that no page can read. */
interface LoginStart {
  state: string;
  binder: string;
  /** PKCE, S256. */
  challenge: string;
}

export interface PendingLogin {
  /** PKCE. */
  verifier: string;
  returnTo: string;
}

/** Logins that have begun here and are at Discord now. Each ends once: a state is used up by the first who shows it. */
export class PendingLogins {
  private readonly pending: LRUCache<string, PendingLogin & { binder: Buffer }>;

  constructor(timeMs = usualTime) {
    this.pending = new LRUCache({ max: mostPending, ttl: timeMs });
  }

  begin(returnTo: string): LoginStart {
    const [state, binder, verifier] = [secretWord(), secretWord(), secretWord()];
    this.pending.set(state, { verifier, returnTo, binder: digestOf(binder) });
    return { state, binder, challenge: digestOf(verifier).toString('base64url') };
  }

  /** Undefined for a state that is unknown, used or too old, and for one that began in another browser. */
  take(state: string, binder: string): PendingLogin | undefined {
    const login = this.pending.get(state);
    this.pending.delete(state);
    return login && timingSafeEqual(login.binder, digestOf(binder)) ? login : undefined;
  }
}

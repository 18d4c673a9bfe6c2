import { type LettingOut } from '../domain/events/guild-removed.js';

interface PassTerms {
  /** What it rests on, such as a login: `GuildDoors.revoke` takes all passes of one key back. */
  key?: string;
  /** The Discord id of whoever has it, where that is known. */
  holder?: string;
  /** Milliseconds since 1970 after which it is no longer good. */
  until?: number;
  /** Milliseconds between two looks whether it still is. */
  lookEveryMs: number;
  /** Why it is no longer good; undefined while it is. Throws when that cannot be told now. */
  ending: () => Promise<LettingOut | undefined>;
}

/** What a keeper gives to those whom it may have to let out again. */
export class DoorPass {
  constructor(private readonly terms: PassTerms) {}

  get key(): string | undefined {
    return this.terms.key;
  }

  get holder(): string | undefined {
    return this.terms.holder;
  }

  get lookEveryMs(): number {
    return this.terms.lookEveryMs;
  }

  get over(): boolean {
    return this.terms.until !== undefined && Date.now() >= this.terms.until;
  }

  /** Why it is no longer good; undefined while it is. @throws when that cannot be told now */
  async ending(): Promise<LettingOut | undefined> {
    return this.over ? 'login-ended' : this.terms.ending();
  }
}

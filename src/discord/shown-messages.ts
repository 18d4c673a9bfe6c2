import { Injectable } from '@nestjs/common';
import { type Message } from 'discord.js';
import { LRUCache } from 'lru-cache';

/** Of all guilds. Whoever saw an older one has most likely lost it too. */
const remembered = 20_000;

/** Which messages were told of, so that of others neither an edit nor a delete is. */
@Injectable()
export class ShownMessages {
  /** By message id: when its newest told edit was made, in milliseconds since 1970; 0 = none. */
  private readonly edits = new LRUCache<string, number>({ max: remembered });

  /** As it is now. */
  add({ id, editedTimestamp }: Pick<Message, 'id' | 'editedTimestamp'>): void {
    this.edits.set(id, editedTimestamp ?? 0);
  }

  has(id: string): boolean {
    return this.edits.has(id);
  }

  /** Whether its text is newer than what was told: Discord repeats messages for much else than edits. */
  isNewer({ id, editedTimestamp }: Pick<Message, 'id' | 'editedTimestamp'>): boolean {
    return (editedTimestamp ?? 0) > (this.edits.get(id) ?? 0);
  }

  /** Answers whether it was known. */
  forget(id: string): boolean {
    return this.edits.delete(id);
  }
}

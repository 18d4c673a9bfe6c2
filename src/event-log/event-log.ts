import { type Cursor } from '../domain/cursor.js';
import { type DomainEvent, type NewDomainEvent } from '../domain/events/index.js';

export type EventListener = (event: DomainEvent) => void;

/**
 * Every event of every guild, in order, with a bounded memory for those who come back.
 *
 * A cursor `epoch:offset` counts one guild's events; offsets have no gaps. The epoch changes when history is lost (for
 * the memory log: at each start), so that an old cursor can never be taken for a new one.
 */
export abstract class EventLog {
  /** Gives the event its place and hands it to every listener, in the order of the places. */
  abstract append(event: NewDomainEvent): Promise<DomainEvent>;

  /** The place of the guild's newest event; offset 0 when it has none. */
  abstract position(guildId: string): Promise<Cursor>;

  /**
   * All events after `cursor`, oldest first; `[]` when there are none. Undefined when that cannot be told without a
   * hole: another epoch, a place in the future, one that has left the bounded history, or no cursor at all.
   */
  abstract since(guildId: string, cursor: unknown): Promise<DomainEvent[] | undefined>;

  /** Gives every event of the guild that is held back its place now. */
  abstract settle(guildId: string): void;

  /**
   * Drops what is remembered of the guild. Whoever stands at the newest place goes on from there; for whoever is behind
   * it, what was missed cannot be told any more.
   */
  abstract forget(guildId: string): void;

  /** Events of the guild were left out: as `forget`, and nobody can go on from any place given so far. */
  abstract breakOff(guildId: string): void;

  /** Events held in the history, all guilds together. */
  abstract size(): number;

  /** Calls `listener` for every event of every guild from now on; the answer ends it. A listener must not throw. */
  abstract subscribe(listener: EventListener): () => void;
}

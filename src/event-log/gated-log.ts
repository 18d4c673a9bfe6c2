import { type Cursor } from '../domain/cursor.js';
import { type DomainEvent, type NewDomainEvent } from '../domain/events/index.js';
import { EventLog, type EventListener } from './event-log.js';

/** Answers what the log gets instead of the event: the event itself, another one, or undefined for nothing. */
export type EventGate = (event: NewDomainEvent) => NewDomainEvent | undefined;

/**
 * The log's one entrance. What the gate withholds gets no place: it is in no history and nobody hears of it, so that
 * live streams and replays are the same and offsets have no gaps.
 */
export class GatedLog extends EventLog {
  private gate: EventGate = (event) => event;

  constructor(private readonly log: EventLog) {
    super();
  }

  /** From now on. One gate; it must not throw, and sees events in the order in which they are handed over. */
  guard(gate: EventGate): void {
    this.gate = gate;
  }

  /** A withheld event answers with the guild's newest place. */
  async append(event: NewDomainEvent): Promise<DomainEvent> {
    const shown = this.gate(event);
    if (shown) return this.log.append(shown);
    return { ...event, cursor: await this.log.position(event.guildId), at: new Date().toISOString() };
  }

  position(guildId: string): Promise<Cursor> {
    return this.log.position(guildId);
  }

  since(guildId: string, cursor: unknown): Promise<DomainEvent[] | undefined> {
    return this.log.since(guildId, cursor);
  }

  settle(guildId: string): void {
    this.log.settle(guildId);
  }

  forget(guildId: string): void {
    this.log.forget(guildId);
  }

  breakOff(guildId: string): void {
    this.log.breakOff(guildId);
  }

  size(): number {
    return this.log.size();
  }

  subscribe(listener: EventListener): () => void {
    return this.log.subscribe(listener);
  }
}

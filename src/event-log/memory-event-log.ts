import { randomBytes } from 'node:crypto';
import { type Cursor, formatCursor, parseCursor } from '../domain/cursor.js';
import { type DomainEvent, type NewDomainEvent } from '../domain/events/index.js';
import { EventLog, type EventListener } from './event-log.js';

export interface MemoryEventLogOptions {
  /** Events kept for each guild. */
  historySize: number;
  /** Milliseconds an event is kept. */
  historyAge: number;
}

interface GuildHistory {
  newest: number;
  /** Oldest first, without gaps, ending at `newest`. */
  events: DomainEvent[];
}

/** The log of a single process. Memory is bounded by guilds × `historySize` events. */
export class MemoryEventLog extends EventLog {
  private readonly epoch = randomBytes(9).toString('base64url');
  private readonly guilds = new Map<string, GuildHistory>();
  private readonly listeners = new Set<EventListener>();
  private readonly undelivered: DomainEvent[] = [];
  private delivering = false;
  private lastSweep = Date.now();

  constructor(private readonly options: MemoryEventLogOptions) {
    super();
  }

  append(event: NewDomainEvent): Promise<DomainEvent> {
    const history = this.historyOf(event.guildId);
    history.newest += 1;
    const cursor = formatCursor({ epoch: this.epoch, offset: history.newest });
    const placed: DomainEvent = { ...event, cursor, at: new Date().toISOString() };
    history.events.push(placed);
    this.trim(history);
    this.sweep();
    this.undelivered.push(placed);
    this.deliver();
    return Promise.resolve(placed);
  }

  position(guildId: string): Promise<Cursor> {
    return Promise.resolve(formatCursor({ epoch: this.epoch, offset: this.guilds.get(guildId)?.newest ?? 0 }));
  }

  since(guildId: string, cursor: unknown): Promise<DomainEvent[] | undefined> {
    const from = parseCursor(cursor);
    const history = this.guilds.get(guildId);
    const newest = history?.newest ?? 0;
    if (from === undefined || from.epoch !== this.epoch || from.offset > newest) return Promise.resolve(undefined);
    if (history === undefined || from.offset === newest) return Promise.resolve([]);
    this.trim(history);
    const missed = newest - from.offset;
    if (missed > history.events.length) return Promise.resolve(undefined);
    return Promise.resolve(history.events.slice(-missed));
  }

  /** Nothing is ever held back here. */
  settle(): void {}

  forget(guildId: string): void {
    const history = this.guilds.get(guildId);
    if (history) history.events = [];
  }

  breakOff(guildId: string): void {
    // A place that no event has is one that no replay reaches over.
    this.historyOf(guildId).newest += 1;
    this.forget(guildId);
  }

  size(): number {
    let events = 0;
    for (const history of this.guilds.values()) events += history.events.length;
    return events;
  }

  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Before append returns, nothing slips between an event's place and its delivery. */
  private deliver(): void {
    // A listener that appends must not let its event overtake the present one on the way to the other listeners.
    if (this.delivering) return;
    this.delivering = true;
    try {
      for (let next = this.undelivered.shift(); next; next = this.undelivered.shift()) {
        for (const listener of this.listeners) listener(next);
      }
    } finally {
      this.delivering = false;
    }
  }

  private historyOf(guildId: string): GuildHistory {
    let history = this.guilds.get(guildId);
    if (!history) this.guilds.set(guildId, (history = { newest: 0, events: [] }));
    return history;
  }

  /** Guilds that fell silent must not keep their last events for ever. Their count stays: places are not given twice. */
  private sweep(): void {
    const now = Date.now();
    if (now - this.lastSweep < this.options.historyAge / 10) return;
    this.lastSweep = now;
    for (const history of this.guilds.values()) this.trim(history);
  }

  private trim(history: GuildHistory): void {
    // A quarter over the bound before cutting, so that a full history is not copied at each event.
    if (history.events.length > this.options.historySize * 1.25) {
      history.events = history.events.slice(-this.options.historySize);
    }
    const oldest = new Date(Date.now() - this.options.historyAge).toISOString();
    if (history.events[0] === undefined || history.events[0].at >= oldest) return;
    const young = history.events.findIndex((event) => event.at >= oldest);
    history.events = young === -1 ? [] : history.events.slice(young);
  }
}

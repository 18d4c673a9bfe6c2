import { type OnApplicationShutdown } from '@nestjs/common';
import { type Cursor } from '../domain/cursor.js';
import { type DomainEvent, type NewDomainEvent } from '../domain/events/index.js';
import { EventLog, type EventListener } from './event-log.js';

type PresenceUpdated = Extract<NewDomainEvent, { type: 'presence.updated' }>;

interface Held {
  event: PresenceUpdated;
  settle: ((placed: Promise<DomainEvent>) => void)[];
}

interface Window {
  /** By member; in the order of each member's first change. */
  held: Map<string, Held>;
  timer: NodeJS.Timeout;
}

/**
 * Stands in front of a log. Changes of one member's presence within a window become their latest, before they get a
 * place: so the log, the live stream and every replay are the same, without gaps. Any other event of the guild ends the
 * window first, so that nothing is reordered; messages never wait. A held change costs at most one event of memory per
 * member and waits at most `windowMs`.
 */
export class PresenceCoalescer extends EventLog implements OnApplicationShutdown {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly log: EventLog,
    private readonly windowMs: number,
    private readonly coalesced: () => void = () => undefined,
  ) {
    super();
  }

  size(): number {
    return this.log.size();
  }

  append(event: NewDomainEvent): Promise<DomainEvent> {
    if (event.type !== 'presence.updated' || this.windowMs === 0) {
      this.flush(event.guildId);
      return this.log.append(event);
    }
    return this.hold(event);
  }

  position(guildId: string): Promise<Cursor> {
    return this.log.position(guildId);
  }

  since(guildId: string, cursor: unknown): Promise<DomainEvent[] | undefined> {
    return this.log.since(guildId, cursor);
  }

  settle(guildId: string): void {
    this.flush(guildId);
  }

  forget(guildId: string): void {
    this.flush(guildId);
    this.log.forget(guildId);
  }

  breakOff(guildId: string): void {
    this.flush(guildId);
    this.log.breakOff(guildId);
  }

  subscribe(listener: EventListener): () => void {
    return this.log.subscribe(listener);
  }

  /** Gives every held change its place now. */
  onApplicationShutdown(): void {
    for (const guildId of [...this.windows.keys()]) this.flush(guildId);
  }

  private hold(event: PresenceUpdated): Promise<DomainEvent> {
    const { held } = this.windowOf(event.guildId);
    const { id } = event.data.member;
    const known = held.get(id);
    if (known) this.coalesced();
    const entry: Held = known ?? { event, settle: [] };
    // What was before is what it was before the first change of the window.
    entry.event = { ...event, data: { ...event.data, previous: entry.event.data.previous } };
    held.set(id, entry);
    return new Promise((resolve) => entry.settle.push(resolve));
  }

  private windowOf(guildId: string): Window {
    let window = this.windows.get(guildId);
    if (!window) {
      window = { held: new Map(), timer: setTimeout(() => this.flush(guildId), this.windowMs) };
      this.windows.set(guildId, window);
    }
    return window;
  }

  private flush(guildId: string): void {
    const window = this.windows.get(guildId);
    if (!window) return;
    this.windows.delete(guildId);
    clearTimeout(window.timer);
    for (const { event, settle } of window.held.values()) {
      const placed = this.log.append(event);
      for (const resolve of settle) resolve(placed);
    }
  }
}

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { parseCursor } from '../domain/cursor.js';
import { type DomainEvent, type NewDomainEvent } from '../domain/events/index.js';
import { Fault } from '../domain/fault.js';
import { judge } from '../domain/shown-filter.js';
import { EventLog } from '../event-log/event-log.js';
import { ShownFilters } from '../guilds/shown-filters.js';
import { ProviderChain } from '../providers/provider-chain.js';
import { GuildRoom } from './guild-room.js';
import { ShownMembers } from './shown-members.js';

/** A room without occupants is kept this long after it was last asked for, in milliseconds. */
const idleLifetime = 10 * 60_000;

interface Loading {
  promise: Promise<GuildRoom>;
  /** Events that happen while the source is being asked. */
  meanwhile: DomainEvent[];
  /** The same before they were judged, of a guild with a filter: those that are not shown have no place. */
  unjudged: NewDomainEvent[];
}

/** The rooms in memory: opened when somebody first asks for a guild, closed when nobody has for a while. */
@Injectable()
export class GuildRooms implements OnApplicationShutdown {
  private readonly rooms = new Map<string, { room: GuildRoom; lastAsked: number }>();
  private readonly loading = new Map<string, Loading>();
  /** Guilds whose next room does not continue the last one's history: something is missing in between. */
  private readonly broken = new Set<string>();
  private readonly sweeper: NodeJS.Timeout;
  /**
   * Hears of every room that was opened from an old answer while its sources are asked for a new one, `since` some time
   * of the process's clock, in milliseconds.
   */
  onRenewing: ((guildId: string, since: number) => void) | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly chain: ProviderChain,
    private readonly filters: ShownFilters,
  ) {
    this.sweeper = setInterval(() => this.sweep(), idleLifetime / 10).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeper);
  }

  /** @throws Fault `guild.not_found` when no source knows the guild, `guild.unavailable` when none answers. */
  async open(guildId: string): Promise<GuildRoom> {
    const open = this.rooms.get(guildId);
    if (open) {
      open.lastAsked = Date.now();
      return open.room;
    }
    let loading = this.loading.get(guildId);
    if (!loading) {
      const heard = { meanwhile: [], unjudged: [] };
      loading = { ...heard, promise: this.load(guildId, heard).finally(() => this.loading.delete(guildId)) };
      this.loading.set(guildId, loading);
    }
    return loading.promise;
  }

  all(): GuildRoom[] {
    return [...this.rooms.values()].map(({ room }) => room);
  }

  /** The rooms for which a source is being asked: that of one guild, or all. Each fails as `open` does. */
  opening(guildId?: string): Promise<GuildRoom>[] {
    const loading = guildId === undefined ? [...this.loading.values()] : [this.loading.get(guildId)];
    return loading.flatMap((one) => one?.promise ?? []);
  }

  get size(): number {
    return this.rooms.size;
  }

  /** The room if it is in memory; asks no source. */
  peek(guildId: string): GuildRoom | undefined {
    return this.rooms.get(guildId)?.room;
  }

  /** What of an event is shown, before it has its place; undefined for nothing. Each event once, in their order. */
  pass(event: NewDomainEvent): NewDomainEvent | undefined {
    const { guildId } = event;
    const room = this.peek(guildId);
    if (room) return room.pass(event);
    if (!this.filters.of(guildId)) return event;
    this.loading.get(guildId)?.unjudged.push(event);
    if (judge(event)?.kind === 'guild') return event;
    // Without the members nobody can tell whether it is shown.
    this.broken.add(guildId);
    return undefined;
  }

  /** Takes an event into its room; answers the room when its occupants have to be told. */
  apply(event: DomainEvent): GuildRoom | undefined {
    this.loading.get(event.guildId)?.meanwhile.push(event);
    const room = this.peek(event.guildId);
    return room?.apply(event) ? room : undefined;
  }

  close(guildId: string): void {
    // By the time it is opened again, others may be shown.
    if (this.peek(guildId)?.filter) this.broken.add(guildId);
    this.rooms.delete(guildId);
  }

  /** The place is taken before the source is asked: whatever happens in between is applied on top, never lost. */
  private async load(guildId: string, heard: Omit<Loading, 'promise'>): Promise<GuildRoom> {
    const filter = this.filters.of(guildId);
    // Nobody who was here before can be told what happened since: not all of it has a place.
    if (this.broken.delete(guildId) || filter) this.log.breakOff(guildId);
    heard.meanwhile.length = heard.unjudged.length = 0;
    const from = parseCursor(await this.log.position(guildId));
    const since = performance.now();
    const snapshot = await this.chain.load(guildId);
    if (this.filters.of(guildId) !== filter) return this.load(guildId, heard);
    if (!snapshot || !from) throw new Fault('guild.not_found', 'There is no such guild.');
    // What is loaded may be from before the removal, and nobody would ever end the room.
    if (heard.meanwhile.some(({ type }) => type === 'guild.removed')) {
      throw new Fault('guild.not_found', 'There is no such guild any more.');
    }
    const members = filter && new ShownMembers(guildId, filter, snapshot.members);
    for (const event of heard.unjudged) members?.pass(event);
    const room = new GuildRoom(snapshot, from, members);
    for (const event of heard.meanwhile) room.apply(event);
    this.broken.delete(guildId);
    // From here on events reach the room directly; no await may come between the two lines.
    this.rooms.set(guildId, { room, lastAsked: Date.now() });
    if (snapshot.renewing) this.onRenewing?.(guildId, since);
    return room;
  }

  private sweep(): void {
    const oldest = Date.now() - idleLifetime;
    for (const [guildId, { room, lastAsked }] of this.rooms) {
      if (room.occupants === 0 && lastAsked < oldest) this.close(guildId);
    }
  }
}

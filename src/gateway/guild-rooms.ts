import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { parseCursor } from '../domain/cursor.js';
import { type DomainEvent } from '../domain/events/index.js';
import { Fault } from '../domain/fault.js';
import { EventLog } from '../event-log/event-log.js';
import { ProviderChain } from '../providers/provider-chain.js';
import { GuildRoom } from './guild-room.js';

/** A room without occupants is kept this long after it was last asked for, in milliseconds. */
const idleLifetime = 10 * 60_000;

interface Loading {
  promise: Promise<GuildRoom>;
  /** Events that happen while the source is being asked. */
  meanwhile: DomainEvent[];
}

/** The rooms in memory: opened when somebody first asks for a guild, closed when nobody has for a while. */
@Injectable()
export class GuildRooms implements OnApplicationShutdown {
  private readonly rooms = new Map<string, { room: GuildRoom; lastAsked: number }>();
  private readonly loading = new Map<string, Loading>();
  private readonly sweeper: NodeJS.Timeout;
  /**
   * Hears of every room that was opened from an old answer while its sources are asked for a new one, `since` some time
   * of the process's clock, in milliseconds.
   */
  onRenewing: ((guildId: string, since: number) => void) | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly chain: ProviderChain,
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
      const meanwhile: DomainEvent[] = [];
      loading = { meanwhile, promise: this.load(guildId, meanwhile).finally(() => this.loading.delete(guildId)) };
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

  /** Takes an event into its room; answers the room when its occupants have to be told. */
  apply(event: DomainEvent): GuildRoom | undefined {
    this.loading.get(event.guildId)?.meanwhile.push(event);
    const room = this.peek(event.guildId);
    return room?.apply(event) ? room : undefined;
  }

  close(guildId: string): void {
    this.rooms.delete(guildId);
  }

  /** The place is taken before the source is asked: whatever happens in between is applied on top, never lost. */
  private async load(guildId: string, meanwhile: DomainEvent[]): Promise<GuildRoom> {
    const from = parseCursor(await this.log.position(guildId));
    const since = performance.now();
    const snapshot = await this.chain.load(guildId);
    if (!snapshot || !from) throw new Fault('guild.not_found', 'There is no such guild.');
    // What is loaded may be from before the removal, and nobody would ever end the room.
    if (meanwhile.some(({ type }) => type === 'guild.removed')) {
      throw new Fault('guild.not_found', 'There is no such guild any more.');
    }
    const room = new GuildRoom(snapshot, from);
    for (const event of meanwhile) room.apply(event);
    // From here on events reach the room directly; no await may come between the two lines.
    this.rooms.set(guildId, { room, lastAsked: Date.now() });
    if (snapshot.renewing) this.onRenewing?.(guildId, since);
    return room;
  }

  private sweep(): void {
    const oldest = Date.now() - idleLifetime;
    for (const [guildId, { room, lastAsked }] of this.rooms) {
      if (room.occupants === 0 && lastAsked < oldest) this.rooms.delete(guildId);
    }
  }
}

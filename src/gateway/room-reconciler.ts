import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { type NewDomainEvent } from '../domain/events/index.js';
import { EventLog } from '../event-log/event-log.js';
import { ProviderChain, type SourcedSnapshot } from '../providers/provider-chain.js';
import { type GuildRoom } from './guild-room.js';
import { GuildRooms } from './guild-rooms.js';

/** Rooms compared at the same time. A source turns away whoever comes with hundreds of questions in one go. */
const mostAtOnce = 4;

/**
 * Keeps rooms true to sources that do not tell their changes themselves: asks again from time to time, when a source
 * noticed something, and by hand. What differs from what the room shows becomes events, so everybody inside sees the same.
 */
@Injectable()
export class RoomReconciler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(RoomReconciler.name);
  private readonly underWay = new Map<string, Promise<number>>();
  /** Guilds whose turn to be compared has not come yet, and since when an answer is new enough for it. */
  private readonly waiting = new Map<string, number>();
  private comparing = 0;
  /** Guilds in which something more was noticed while they were compared. */
  private readonly again = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private stopWatching: (() => Promise<void>) | undefined;
  private ended = false;

  constructor(
    private readonly chain: ProviderChain,
    private readonly rooms: GuildRooms,
    private readonly log: EventLog,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.look(), this.chain.options.pollMs);
    this.stopWatching = this.chain.watch((guildId) => this.notice(guildId));
    // The answer that is on its way to whoever opened the room is new enough: the source is not asked twice.
    this.rooms.onRenewing = (guildId, since) => this.look(guildId, since);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.ended = true;
    clearInterval(this.timer);
    this.rooms.onRenewing = undefined;
    this.waiting.clear();
    await this.stopWatching?.();
    await Promise.allSettled(this.underWay.values());
  }

  /**
   * Reads a guild from its source again, now. Answers how many events that made.
   * @throws Fault `guild.not_found`, `guild.unavailable`
   */
  async refresh(guildId: string): Promise<number> {
    await this.rooms.open(guildId);
    // One that is under way may have asked before what is to be read happened.
    await this.underWay.get(guildId)?.catch(() => undefined);
    return this.reconcile(guildId);
  }

  /** A room that is being opened may hold what was before the change, and is looked at as soon as it is there. */
  private notice(guildId?: string): void {
    for (const opening of this.rooms.opening(guildId)) {
      opening.then((room) => this.look(room.guildId)).catch(() => undefined);
    }
    this.look(guildId);
  }

  private look(guildId?: string, since = Infinity): void {
    if (this.ended) return;
    const rooms = guildId === undefined ? this.rooms.all() : [this.rooms.peek(guildId)];
    for (const room of rooms) {
      if (!room || this.chain.isLive(room.guildId, room.lastWord.source)) continue;
      if (this.underWay.has(room.guildId)) this.again.add(room.guildId);
      else this.waiting.set(room.guildId, since);
    }
    this.compareWaiting();
  }

  private compareWaiting(): void {
    for (const [guildId, since] of this.waiting) {
      if (this.comparing >= mostAtOnce) return;
      this.waiting.delete(guildId);
      this.comparing += 1;
      void this.reconcile(guildId, since)
        .catch(() => undefined)
        .finally(() => {
          this.comparing -= 1;
          this.compareWaiting();
        });
    }
  }

  private reconcile(guildId: string, since = Infinity): Promise<number> {
    const running = this.underWay.get(guildId);
    if (running) return running;
    const comparing = this.compare(guildId, since)
      .catch((error: unknown) => {
        this.logger.debug(`guild ${guildId} could not be compared with its source: ${String(error)}`);
        throw error;
      })
      .finally(() => {
        this.underWay.delete(guildId);
        if (this.again.delete(guildId)) this.look(guildId);
      });
    this.underWay.set(guildId, comparing);
    return comparing;
  }

  private async compare(guildId: string, since: number): Promise<number> {
    const room = this.rooms.peek(guildId);
    if (!room) return 0;
    const touched = new Set<string>();
    const stop = this.log.subscribe((event) => {
      if (event.guildId === guildId) touched.add(aboutOf(event));
    });
    try {
      const snapshot = await this.ask(room, since);
      if (this.rooms.peek(guildId) !== room) return 0;
      // What happened while the source was asked may be newer than its answer: the next look tells.
      const events = this.leadingTo(room, snapshot).filter((event) => !touched.has(aboutOf(event)));
      // In one go, so that nothing comes between them.
      await Promise.all(events.map((event) => this.log.append(event)));
      if (snapshot) room.confirm(snapshot);
      return events.length;
    } finally {
      stop();
    }
  }

  private async ask(room: GuildRoom, since: number): Promise<SourcedSnapshot | undefined> {
    const { guildId } = room;
    const { source, age } = room.lastWord;
    try {
      return await this.chain.reload(guildId, age <= this.chain.options.staleMs ? source : undefined, since);
    } catch (error) {
      // What was last known stays on show, marked as old.
      if (room.available) await this.log.append({ type: 'guild.unavailable', guildId, data: {} });
      throw error;
    }
  }

  private leadingTo(room: GuildRoom, snapshot: SourcedSnapshot | undefined): NewDomainEvent[] {
    return snapshot ? room.differencesTo(snapshot) : [{ type: 'guild.removed', guildId: room.guildId, data: {} }];
  }
}

/** Whom an event changes: a member by id, or the guild itself. */
function aboutOf({ type, data }: NewDomainEvent): string {
  if (type.startsWith('member.') || type === 'presence.updated') return (data as { member: { id: string } }).member.id;
  return type.startsWith('guild.') ? 'guild' : '';
}

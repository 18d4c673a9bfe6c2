import { parseCursor } from '../../../src/domain/cursor.js';
import { type DomainEvent, type NewDomainEvent } from '../../../src/domain/events/index.js';
import { applyEvent, type GuildState } from '../../../src/domain/guild-state.js';
import { type Member } from '../../../src/domain/member.js';
import { GatedLog } from '../../../src/event-log/gated-log.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { PresenceCoalescer } from '../../../src/event-log/presence-coalescer.js';
import { type GuildRoom } from '../../../src/gateway/guild-room.js';
import { GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { ShownGate } from '../../../src/gateway/shown.gate.js';
import { DataProvider } from '../../../src/providers/data-provider.js';
import { type SourceGuild, type SourceSnapshot } from '../../../src/domain/source-snapshot.js';
import { FiltersInMemory } from './filters-in-memory.js';
import { chainOf } from './gateway-parts.js';

export const guildId = '100000000000000001';

/** A source whose members are a variable; `beforeAnswer` lets things happen while it is asked. */
class ChangingSource extends DataProvider {
  readonly name = 'changing';
  beforeAnswer: (() => void | Promise<void>) | undefined;

  constructor(private readonly members: ReadonlyMap<string, Member>) {
    super();
  }

  listGuilds(): Promise<SourceGuild[]> {
    return Promise.resolve([this.guild]);
  }

  async loadGuild(): Promise<SourceSnapshot> {
    const snapshot = { guild: this.guild, members: [...this.members.values()], partial: [] };
    await this.beforeAnswer?.();
    return snapshot;
  }

  private get guild(): SourceGuild {
    return { id: guildId, name: 'Town', iconUrl: null };
  }
}

/** A guild behind the gate, from its source to those who listen to its room. */
export class ShownBench {
  /** What is true, whoever is shown. */
  readonly truth: GuildState;
  readonly source: ChangingSource;
  readonly filters = FiltersInMemory.make();
  readonly log: GatedLog;
  readonly rooms: GuildRooms;
  /** What the room was told, in order. */
  readonly told: DomainEvent[] = [];

  constructor(members: readonly Member[], { presenceWindow = 0 }: { presenceWindow?: number } = {}) {
    const everybody = new Map(members.map((member) => [member.id, member]));
    this.truth = { name: 'Town', iconUrl: null, available: true, channels: new Map(), members: everybody };
    this.source = new ChangingSource(everybody);
    const memory = new MemoryEventLog({ historySize: 1_000, historyAge: 60_000 });
    this.log = new GatedLog(new PresenceCoalescer(memory, presenceWindow));
    const chain = chainOf([this.source], 1_000);
    this.rooms = new GuildRooms(this.log, chain, this.filters);
    new ShownGate(this.log, this.rooms, this.filters);
    this.log.subscribe((event) => {
      if (this.rooms.apply(event)) this.told.push(event);
    });
  }

  end(): void {
    this.rooms.onApplicationShutdown();
  }

  open(): Promise<GuildRoom> {
    return this.rooms.open(guildId);
  }

  /** Something happens, and the source says so. */
  say(event: NewDomainEvent): Promise<DomainEvent> {
    applyEvent(this.truth, event);
    return this.log.append(event);
  }

  /** Whom the room shows, oldest id first. */
  async shown(): Promise<Member[]> {
    const entry = { id: guildId, name: 'Town', alias: 'town', iconUrl: null, default: true, source: 'changing' };
    const { members } = (await this.open()).snapshot({ ...entry, door: 'open' });
    return [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async shownIds(): Promise<string[]> {
    return (await this.shown()).map(({ id }) => id);
  }

  /** What was told since the last look, as `type id`. */
  heard(): string[] {
    return this.told.splice(0).map(({ type, data }) => {
      if ('member' in data) return `${type} ${data.member.id}`;
      return 'author' in data ? `${type} ${data.author.id}` : type;
    });
  }

  async place(): Promise<{ cursor: string; offset: number }> {
    const cursor = await this.log.position(guildId);
    return { cursor, offset: parseCursor(cursor)!.offset };
  }
}

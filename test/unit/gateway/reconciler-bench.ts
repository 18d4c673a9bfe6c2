import { afterEach, beforeEach, expect, vi } from 'vitest';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { type Member } from '../../../src/domain/member.js';
import { type EventListener } from '../../../src/event-log/event-log.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { RoomReconciler } from '../../../src/gateway/room-reconciler.js';
import { DataProvider, type RawSnapshot } from '../../../src/providers/data-provider.js';
import { memberOf } from '../../support/events.js';
import { FiltersInMemory } from './filters-in-memory.js';
import { chainOf } from './gateway-parts.js';

export const guildId = '100000000000000001';
export const pollMs = 25_000;
export const staleMs = 600_000;
export const [ada, bob, eve] = ['200000000000000001', '200000000000000002', '200000000000000003'].map((id) =>
  memberOf(id, { status: 'online' }),
) as [Member, Member, Member];

/** A table of somebody's database, so to speak. */
export class Table extends DataProvider {
  override live = false;
  loads = 0;
  members: Member[] | undefined = [ada, bob];
  partial: string[] = [];
  /** What comes between a question and its answer, which is what the table held before. */
  asked: (() => Promise<unknown>) | undefined;
  changed: ((guildId?: string) => void) | undefined;
  stopped = false;

  constructor(readonly name = 'table') {
    super();
  }

  listGuilds(): Promise<[]> {
    return Promise.resolve([]);
  }

  async loadGuild(id: string): Promise<RawSnapshot | undefined> {
    this.loads += 1;
    const { members, partial } = this;
    await this.asked?.();
    return members && { guild: { id, name: 'Guild', iconUrl: null }, members, partial };
  }

  /** From now on questions hang, until what this answers is called. */
  hold(): () => void {
    const waiting: (() => void)[] = [];
    this.asked = () => new Promise<void>((resolve) => waiting.push(resolve));
    return () => {
      this.asked = undefined;
      for (const go of waiting) go();
    };
  }

  override watch(changed: (guildId?: string) => void): Promise<() => Promise<void>> {
    this.changed = changed;
    return Promise.resolve(() => Promise.resolve(void (this.stopped = true)));
  }
}

/** Knows how many listen to it. */
class CountingLog extends MemoryEventLog {
  listening = 0;

  override subscribe(listener: EventListener): () => void {
    this.listening += 1;
    const stop = super.subscribe(listener);
    return () => {
      this.listening -= 1;
      stop();
    };
  }
}

export interface ReconcilerBench {
  log: CountingLog;
  /** Every event, in its order. */
  heard: DomainEvent[];
  types(): string[];
  table: Table;
  /** Asked after the table. */
  backup: Table;
  rooms: GuildRooms;
  reconciler: RoomReconciler;
}

/** Before each test of the file: somebody is in a room that the table speaks for. Time passes as the test says. */
export function useReconciler(): ReconcilerBench {
  const bench = { types: () => bench.heard.map(({ type }) => type) } as ReconcilerBench;
  beforeEach(async () => {
    vi.useFakeTimers();
    bench.log = new CountingLog({ historySize: 100, historyAge: 60_000 });
    bench.heard = [];
    bench.table = new Table();
    bench.backup = new Table('backup');
    const options = { mode: 'fallback' as const, guildSources: new Map(), pollMs, staleMs };
    const chain = chainOf([bench.table, bench.backup], 1_000, { options, cacheMs: 60_000, staleMs });
    bench.rooms = new GuildRooms(bench.log, chain, FiltersInMemory.make());
    bench.reconciler = new RoomReconciler(chain, bench.rooms, bench.log);
    // As the broadcaster does it.
    bench.log.subscribe((event) => {
      bench.heard.push(event);
      bench.rooms.apply(event);
      if (event.type === 'guild.removed') bench.rooms.close(event.guildId);
    });
    bench.reconciler.onApplicationBootstrap();
    // Somebody is in it, so that it stays open.
    (await bench.rooms.open(guildId)).occupants = 1;
  });
  afterEach(async () => {
    await bench.reconciler.beforeApplicationShutdown();
    bench.rooms.onApplicationShutdown();
    expect(bench.table.stopped).toBe(true);
    expect(bench.log.listening).toBe(1);
    vi.useRealTimers();
  });
  return bench;
}

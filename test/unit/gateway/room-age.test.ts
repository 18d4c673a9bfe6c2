import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { type DirectoryEntry } from '../../../src/gateway/guild-directory.js';
import { GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { RoomReconciler } from '../../../src/gateway/room-reconciler.js';
import { type ProviderChain } from '../../../src/providers/provider-chain.js';
import { guildId, held, ScriptedSource } from '../providers/scripted-source.js';
import { FiltersInMemory } from './filters-in-memory.js';
import { chainOf } from './gateway-parts.js';

const entry: DirectoryEntry = {
  id: guildId,
  name: 'first',
  alias: 'first',
  iconUrl: null,
  default: true,
  door: 'open',
  source: 'scripted',
};

let log: MemoryEventLog;
let heard: DomainEvent[];
let source: ScriptedSource;
let chain: ProviderChain;
let rooms: GuildRooms;
let reconciler: RoomReconciler;

beforeEach(() => {
  vi.useFakeTimers();
  log = new MemoryEventLog({ historySize: 100, historyAge: 60_000 });
  heard = [];
  source = new ScriptedSource();
  const options = { mode: 'fallback' as const, guildSources: new Map(), pollMs: 1_000_000, staleMs: 600_000 };
  chain = chainOf([source], 1_000, { options, cacheMs: 60_000, revalidateMs: 60_000, staleMs: 600_000 });
  rooms = new GuildRooms(log, chain, FiltersInMemory.make());
  reconciler = new RoomReconciler(chain, rooms, log);
  log.subscribe((event) => {
    heard.push(event);
    rooms.apply(event);
    if (event.type === 'guild.removed') rooms.close(event.guildId);
  });
  reconciler.onApplicationBootstrap();
});
afterEach(async () => {
  await reconciler.beforeApplicationShutdown();
  rooms.onApplicationShutdown();
  vi.useRealTimers();
});

const types = () => heard.map(({ type }) => type);
const shown = async () => {
  const { guild, stale } = (await rooms.open(guildId)).snapshot(entry);
  return [guild.name, stale];
};

/** A room that opens from an answer which is a minute old. */
async function openAgain(): Promise<void> {
  await rooms.open(guildId);
  rooms.close(guildId);
  await vi.advanceTimersByTimeAsync(60_001);
  source.questions = [];
}

describe('a room that was opened from an old answer', () => {
  it('is true and no longer marked as soon as the new one came, and the source was asked once', async () => {
    await openAgain();
    source.word = 'second';
    const { wait, go } = held();
    source.answering = wait;
    expect(await shown()).toEqual(['first', true]);
    expect(heard).toEqual([]);
    go();
    await vi.advanceTimersByTimeAsync(1);
    expect(await shown()).toEqual(['second', false]);
    expect(types()).toEqual(['guild.updated']);
    expect(source.questions).toEqual([guildId]);
  });

  it('tells those inside that it is true, also where nothing changed', async () => {
    await openAgain();
    const room = await rooms.open(guildId);
    await vi.advanceTimersByTimeAsync(1);
    expect(types()).toEqual(['guild.updated']);
    expect(room.stale).toBe(false);
    expect(source.questions).toEqual([guildId]);
  });

  it('waits for its turn without a second question', async () => {
    await openAgain();
    const busy = held();
    const others = ['1', '2', '3', '4'].map((n) => `20000000000000000${n}`);
    for (const id of others) await rooms.open(id);
    source.questions = [];
    source.answering = busy.wait;
    for (const id of others) void reconcileSoon(id);
    await vi.advanceTimersByTimeAsync(1);
    source.answering = () => Promise.resolve();
    expect(await shown()).toEqual(['first', true]);
    await vi.advanceTimersByTimeAsync(1);
    busy.go();
    await vi.advanceTimersByTimeAsync(1);
    expect(await shown()).toEqual(['first', false]);
    expect(source.questions).toEqual([...others, guildId]);
  });

  it('is looked at anew when the source noticed a change before its turn', async () => {
    await openAgain();
    const busy = held();
    const others = ['1', '2', '3', '4'].map((n) => `20000000000000000${n}`);
    for (const id of others) await rooms.open(id);
    source.answering = busy.wait;
    for (const id of others) void reconcileSoon(id);
    await vi.advanceTimersByTimeAsync(1);
    source.answering = () => Promise.resolve();
    await rooms.open(guildId);
    await vi.advanceTimersByTimeAsync(1);
    source.word = 'third';
    source.notice(guildId);
    busy.go();
    await vi.advanceTimersByTimeAsync(1);
    expect(await shown()).toEqual(['third', false]);
  });

  it('keeps what it shows while the source is broken', async () => {
    await openAgain();
    source.answering = () => Promise.reject(new Error('broken'));
    await rooms.open(guildId);
    await vi.advanceTimersByTimeAsync(1);
    expect(types()).toEqual(['guild.unavailable']);
    expect(await shown()).toEqual(['first', true]);
  });

  it('ends when no source knows the guild any more', async () => {
    await openAgain();
    source.word = '';
    await rooms.open(guildId);
    await vi.advanceTimersByTimeAsync(1);
    expect(types()).toEqual(['guild.removed']);
    expect(rooms.peek(guildId)).toBeUndefined();
  });

  it('is refreshed by hand with an answer from after the wish', async () => {
    await openAgain();
    await rooms.open(guildId);
    await vi.advanceTimersByTimeAsync(1);
    source.word = 'second';
    expect(await reconciler.refresh(guildId)).toBe(1);
    expect(await shown()).toEqual(['second', false]);
  });

  it('is left alone after the end of the process began', async () => {
    await openAgain();
    await reconciler.beforeApplicationShutdown();
    await rooms.open(guildId);
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toEqual([]);
  });
});

describe('a room whose source says that its answer is old', () => {
  it('is marked as long as it says so, and those inside hear both', async () => {
    await rooms.open(guildId);
    source.more = { stale: true, asOf: '2020-01-01T00:00:00Z' };
    expect(await reconciler.refresh(guildId)).toBe(1);
    expect(types()).toEqual(['guild.unavailable']);
    expect((await rooms.open(guildId)).snapshot(entry)).toMatchObject({
      stale: true,
      asOf: '2020-01-01T00:00:00.000Z',
    });
    expect(await reconciler.refresh(guildId)).toBe(0);
    source.more = { stale: false };
    expect(await reconciler.refresh(guildId)).toBe(1);
    expect(types()).toEqual(['guild.unavailable', 'guild.updated']);
    expect(await shown()).toEqual(['first', false]);
    expect(await reconciler.refresh(guildId)).toBe(0);
  });

  it('stays marked when the guild itself changes meanwhile', async () => {
    source.more = { stale: true };
    await rooms.open(guildId);
    expect(await reconciler.refresh(guildId)).toBe(0);
    source.word = 'second';
    await reconciler.refresh(guildId);
    expect(types()).toEqual(['guild.updated', 'guild.unavailable']);
    expect(await shown()).toEqual(['second', true]);
  });

  it('is not asked about again at once: nothing newer is on its way', async () => {
    source.more = { stale: true };
    await rooms.open(guildId);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(source.questions).toEqual([guildId]);
    expect(await shown()).toEqual(['first', true]);
  });
});

/** Takes one of the places for rooms that are compared at the same time. */
async function reconcileSoon(id: string): Promise<void> {
  await Promise.resolve();
  source.notice(id);
}

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { type Member } from '../../../src/domain/member.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { RoomReconciler } from '../../../src/gateway/room-reconciler.js';
import { DataProvider, type RawSnapshot } from '../../../src/providers/data-provider.js';
import { memberOf, messageOf, presenceOf } from '../../support/events.js';
import { chainOf } from './gateway-parts.js';

const guildId = '100000000000000001';
const [ada, bob, eve] = ['200000000000000001', '200000000000000002', '200000000000000003'].map((id) =>
  memberOf(id, { status: 'online' }),
) as [Member, Member, Member];

/** A table of somebody's database, so to speak. */
class Table extends DataProvider {
  override live = false;
  loads = 0;
  members: Member[] | undefined = [ada, bob];
  asked: (() => Promise<unknown>) | undefined;
  changed: ((guildId?: string) => void) | undefined;
  stopped = false;

  constructor(readonly name = 'table') {
    super();
  }

  listGuilds(): Promise<[]> {
    return Promise.resolve([]);
  }

  async loadGuild(): Promise<RawSnapshot | undefined> {
    this.loads += 1;
    const members = this.members;
    await this.asked?.();
    return members && { guild: { id: guildId, name: 'Guild', iconUrl: null }, members };
  }

  override watch(changed: (guildId?: string) => void): Promise<() => Promise<void>> {
    this.changed = changed;
    return Promise.resolve(() => Promise.resolve(void (this.stopped = true)));
  }
}

let log: MemoryEventLog;
let heard: DomainEvent[];
let table: Table;
let backup: Table;
let rooms: GuildRooms;
let reconciler: RoomReconciler;

beforeEach(async () => {
  vi.useFakeTimers();
  log = new MemoryEventLog({ historySize: 100, historyAge: 60_000 });
  heard = [];
  table = new Table();
  backup = new Table('backup');
  const options = { mode: 'fallback' as const, guildSources: new Map(), pollMs: 30_000, staleMs: 600_000 };
  const chain = chainOf([table, backup], 1_000, { options, cacheMs: 60_000, staleMs: 600_000 });
  rooms = new GuildRooms(log, chain);
  reconciler = new RoomReconciler(chain, rooms, log);
  // As the broadcaster does it.
  log.subscribe((event) => {
    heard.push(event);
    rooms.apply(event);
    if (event.type === 'guild.removed') rooms.close(event.guildId);
  });
  reconciler.onApplicationBootstrap();
  // Somebody is in it, so that it stays open.
  (await rooms.open(guildId)).occupants = 1;
});
afterEach(async () => {
  await reconciler.beforeApplicationShutdown();
  rooms.onApplicationShutdown();
  expect(table.stopped).toBe(true);
  vi.useRealTimers();
});

const types = () => heard.map(({ type }) => type);
const shown = async () => (await rooms.open(guildId)).differencesTo(await snapshotOf(table));
async function snapshotOf({ members }: Table) {
  await Promise.resolve();
  const guild = { id: guildId, name: 'Guild', iconUrl: null };
  return { guild, members: members ?? [], partial: [], source: 'table', asOf: '', stale: false };
}

describe('a room whose source tells no changes', () => {
  it('hears them when the source is looked at again, and is then what the source says', async () => {
    table.members = [{ ...ada, displayName: 'Lady Ada', status: 'dnd' }, eve];
    await vi.advanceTimersByTimeAsync(30_000);
    expect(types()).toEqual(['member.updated', 'presence.updated', 'member.joined', 'member.left']);
    expect(heard[0]?.data).toMatchObject({ previous: { displayName: ada.displayName } });
    expect(await shown()).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(heard).toHaveLength(4);
  });

  it('hears them at once when the source notices something, also while it is being asked', async () => {
    let go: (() => void) | undefined;
    table.asked = () => new Promise<void>((resolve) => (go = resolve));
    table.changed?.(guildId);
    await vi.advanceTimersByTimeAsync(1);
    table.members = [ada];
    table.changed?.();
    table.changed?.('999999999999999999');
    table.asked = undefined;
    go?.();
    await vi.advanceTimersByTimeAsync(1);
    expect(types()).toEqual(['member.left']);
  });

  it('keeps what it shows while the source is broken, marked as old, and no other source speaks for it', async () => {
    backup.members = [eve];
    table.asked = () => Promise.reject(new Error('broken'));
    await vi.advanceTimersByTimeAsync(90_000);
    expect(types()).toEqual(['guild.unavailable']);
    expect((await rooms.open(guildId)).memberCount).toBe(2);
    table.asked = undefined;
    table.members = [ada];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(types()).toEqual(['guild.unavailable', 'guild.updated', 'member.left']);
  });

  it('is given to the next source when its own stays broken', async () => {
    backup.members = [eve];
    table.asked = () => Promise.reject(new Error('broken'));
    await vi.advanceTimersByTimeAsync(660_000);
    expect(types().slice(0, 2)).toEqual(['guild.unavailable', 'guild.updated']);
    expect((await rooms.open(guildId)).lastWord.source).toBe('backup');
  });

  it('ends when no source knows the guild any more', async () => {
    table.members = backup.members = undefined;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(types()).toEqual(['guild.removed']);
    expect(rooms.peek(guildId)).toBeUndefined();
  });

  it('is not read again while a source that tells its changes itself speaks for it', async () => {
    table.live = true;
    const before = table.loads;
    await vi.advanceTimersByTimeAsync(90_000);
    expect(table.loads).toBe(before);
  });

  it('does not undo what happened while the source was asked', async () => {
    let go: (() => void) | undefined;
    table.asked = () => new Promise<void>((resolve) => (go = resolve));
    const refreshing = reconciler.refresh(guildId);
    await vi.advanceTimersByTimeAsync(1);
    await log.append(presenceOf(guildId, bob, 'dnd'));
    await log.append(messageOf(guildId, ada, 'hello'));
    table.asked = undefined;
    go?.();
    expect(await refreshing).toBe(0);
    expect(types()).toEqual(['presence.updated', 'message.created']);
  });

  it('is read again by hand, whatever was kept', async () => {
    table.members = [ada, bob, eve];
    expect(await reconciler.refresh(guildId)).toBe(1);
    expect(types()).toEqual(['member.joined']);
  });
});

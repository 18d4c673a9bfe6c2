import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { joinOf, leaveOf, memberOf, presenceOf } from '../../support/events.js';
import { type DirectoryEntry } from '../../../src/gateway/guild-directory.js';
import { GuildRoom } from '../../../src/gateway/guild-room.js';
import { GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { FiltersInMemory } from './filters-in-memory.js';
import { chainOf, houseOf, ListedProvider } from './gateway-parts.js';

const guild = '100000000000000001';
const alice = memberOf('200000000000000001');
const bob = memberOf('200000000000000002');

/** A source that answers when it is told to, with what it knew when it was asked. */
function bench() {
  const log = new MemoryEventLog({ historySize: 100, historyAge: 60_000 });
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (answer = resolve));
  const provider = new ListedProvider(guild, [alice], { answer: () => asked });
  const { rooms } = houseOf(log, [provider]);
  log.subscribe((event) => void rooms.apply(event));
  return { log, rooms, provider, answer: () => answer() };
}

describe('rooms of guilds', () => {
  it('lays what happened while the source was asked over its answer, in order', async () => {
    const { log, rooms, answer } = bench();
    const opening = rooms.open(guild);
    await log.append(presenceOf(guild, alice, 'dnd'));
    await log.append(joinOf(guild, bob));
    answer();
    const room = await opening;
    expect(room.cursor).toBe(await log.position(guild));
    expect(room.memberCount).toBe(2);
    expect(room.onlineCount).toBe(2);
    await log.append(leaveOf(guild, bob));
    expect(room.has(bob.id)).toBe(false);
    expect(room.cursor).toBe(await log.position(guild));
  });

  it('asks the source once for all who come at the same time, and keeps the room', async () => {
    const { rooms, provider, answer } = bench();
    const opening = [rooms.open(guild), rooms.open(guild)];
    answer();
    const [first, second] = await Promise.all(opening);
    expect(first).toBe(second);
    expect(await rooms.open(guild)).toBe(first);
    expect(provider.loads).toBe(1);
  });

  it('opens no room for a guild that was removed while its source was asked', async () => {
    const { log, rooms, provider, answer } = bench();
    const opening = rooms.open(guild);
    // The source has been asked, and knew the guild.
    await expect.poll(() => provider.loads).toBe(1);
    await log.append({ type: 'guild.removed', guildId: guild, data: {} });
    answer();
    await expect(opening).rejects.toMatchObject({ code: 'guild.not_found' });
    expect(rooms.peek(guild)).toBeUndefined();
    // Back again: a fresh look, with everybody.
    expect((await rooms.open(guild)).memberCount).toBe(1);
  });

  it('remembers nothing of a failed opening', async () => {
    const { rooms, answer } = bench();
    answer();
    await expect(rooms.open('100000000000000009')).rejects.toMatchObject({ code: 'guild.not_found' });
    expect(rooms.peek('100000000000000009')).toBeUndefined();
  });

  it('takes no event twice', async () => {
    const { log, rooms, answer } = bench();
    answer();
    const room = await rooms.open(guild);
    const event = await log.append(presenceOf(guild, alice, 'idle'));
    expect(rooms.apply(event), 'the newest').toBeUndefined();
    await log.append(presenceOf(guild, alice, 'offline'));
    expect(rooms.apply(event), 'an older one').toBeUndefined();
    expect(room.onlineCount).toBe(0);
  });
});

describe('a room that nobody is in', () => {
  const tenMinutes = 600_000;
  let rooms: GuildRooms;
  beforeEach(() => {
    vi.useFakeTimers();
    rooms = new GuildRooms(
      new MemoryEventLog({ historySize: 100, historyAge: 60_000 }),
      chain(),
      FiltersInMemory.make(),
    );
  });
  afterEach(() => {
    rooms.onApplicationShutdown();
    vi.useRealTimers();
  });
  const chain = () => chainOf([new ListedProvider(guild, [alice])], 1_000);

  it('is closed ten minutes after its last use, or a minute later', async () => {
    await rooms.open(guild);
    await vi.advanceTimersByTimeAsync(tenMinutes);
    expect(rooms.size).toBe(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rooms.size).toBe(0);
    expect(rooms.peek(guild)).toBeUndefined();
  });

  it('stays while it is asked for', async () => {
    const room = await rooms.open(guild);
    for (let n = 0; n < 5; n += 1) {
      await vi.advanceTimersByTimeAsync(tenMinutes - 60_000);
      expect(await rooms.open(guild)).toBe(room);
    }
  });

  it('stays while somebody is in it', async () => {
    const room = await rooms.open(guild);
    room.occupants = 1;
    await vi.advanceTimersByTimeAsync(10 * tenMinutes);
    expect(rooms.peek(guild)).toBe(room);
    room.occupants = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rooms.peek(guild)).toBeUndefined();
  });

  it('stays after the end, when nothing is swept any more', async () => {
    await rooms.open(guild);
    rooms.onApplicationShutdown();
    await vi.advanceTimersByTimeAsync(10 * tenMinutes);
    expect(rooms.size).toBe(1);
  });
});

describe('what a room shows', () => {
  const answer = {
    guild: { id: guild, name: 'Town', iconUrl: null },
    members: [alice],
    partial: ['roles'],
    source: 'table',
    asOf: '2026-01-01T00:00:00.000Z',
    stale: false,
  };
  const entry: DirectoryEntry = { ...answer.guild, alias: 'town', default: true, door: 'open', source: 'table' };
  const opened = (fields: Partial<typeof answer> = {}) =>
    new GuildRoom({ ...answer, ...fields }, { epoch: 'e', offset: 0 });
  const happens = (room: GuildRoom, event: object, offset: number) =>
    room.apply({ ...event, guildId: guild, cursor: `e:${offset}`, at: answer.asOf } as Parameters<
      typeof room.apply
    >[0]);

  it('is stale while its source is away, or when the answer was', () => {
    const room = opened();
    expect(room.snapshot(entry)).toMatchObject({
      stale: false,
      source: 'table',
      asOf: answer.asOf,
      partial: ['roles'],
    });
    happens(room, { type: 'guild.unavailable', data: {} }, 1);
    expect(room.snapshot(entry)).toMatchObject({ stale: true, members: [alice] });
    happens(room, { type: 'guild.updated', data: { guild: { name: 'Town', iconUrl: null } } }, 2);
    expect(room.snapshot(entry).stale).toBe(false);
    const old = opened({ stale: true });
    expect(old.snapshot(entry).stale).toBe(true);
    happens(old, { type: 'guild.updated', data: { guild: { name: 'Town', iconUrl: null } } }, 1);
    expect(old.snapshot(entry).stale).toBe(true);
    old.confirm(answer);
    expect(old.snapshot(entry).stale).toBe(false);
  });

  it('is from where its source last said it', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const room = opened();
      vi.advanceTimersByTime(5_000);
      expect(room.lastWord).toEqual({ source: 'table', age: 5_000 });
      const next = { ...answer, source: 'backup', partial: [], asOf: '2026-01-01T00:00:05.000Z' };
      expect(room.snapshot(entry).source).toBe('table');
      room.confirm(next);
      expect(room.lastWord).toEqual({ source: 'backup', age: 0 });
      expect(room.snapshot(entry)).toMatchObject({ source: 'backup', partial: [], asOf: next.asOf });
    } finally {
      vi.useRealTimers();
    }
  });
});

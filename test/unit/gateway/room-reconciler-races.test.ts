import { describe, expect, it, vi } from 'vitest';
import { presenceOf } from '../../support/events.js';
import { ada, bob, eve, guildId, pollMs, useReconciler } from './reconciler-bench.js';

const otherIds = Array.from({ length: 9 }, (_, n) => `11000000000000000${n}`);
const bench = useReconciler();

/** Lets everything happen that needs no time. */
const settle = () => vi.advanceTimersByTimeAsync(1);

async function openAll(): Promise<void> {
  for (const id of otherIds) (await bench.rooms.open(id)).occupants = 1;
  bench.table.loads = 0;
}

describe('a change while a source is asked', () => {
  it('keeps from the room what is told of the same member, and of nobody else', async () => {
    const go = bench.table.hold();
    bench.table.members = [{ ...ada, status: 'dnd' }, { ...bob, status: 'dnd' }, eve];
    const refreshing = bench.reconciler.refresh(guildId);
    await settle();
    await bench.log.append(presenceOf(guildId, bob, 'idle'));
    await bench.log.append(presenceOf(otherIds[0]!, ada, 'idle'));
    await bench.log.append(presenceOf(otherIds[0]!, eve, 'idle'));
    bench.heard.length = 0;
    go();
    expect(await refreshing).toBe(2);
    expect(bench.heard).toMatchObject([
      { type: 'presence.updated', guildId, data: { member: { id: ada.id }, status: 'dnd' } },
      { type: 'member.joined', guildId, data: { member: { id: eve.id } } },
    ]);
    // What was left out is told by the next look.
    bench.heard.length = 0;
    await vi.advanceTimersByTimeAsync(pollMs);
    expect(bench.heard).toMatchObject([{ data: { member: { id: bob.id }, status: 'dnd', previous: 'idle' } }]);
  });

  it('of the guild itself keeps from the room what is told of the guild', async () => {
    const go = bench.table.hold();
    bench.table.members = [ada];
    const refreshing = bench.reconciler.refresh(guildId);
    await settle();
    await bench.log.append({ type: 'guild.updated', guildId, data: { guild: { name: 'New', iconUrl: null } } });
    go();
    expect(await refreshing).toBe(1);
    expect(bench.types()).toEqual(['guild.updated', 'member.left']);
    await vi.advanceTimersByTimeAsync(pollMs);
    expect(bench.heard.at(-1)).toMatchObject({ type: 'guild.updated', data: { guild: { name: 'Guild' } } });
  });

  it('is not lost while the room is being opened', async () => {
    bench.rooms.close(guildId);
    // Nothing that is kept is good enough any more.
    bench.table.changed?.(guildId);
    const go = bench.table.hold();
    const opening = bench.rooms.open(guildId);
    await settle();
    bench.table.members = [ada, bob, eve];
    bench.table.changed?.(guildId);
    bench.table.changed?.('999999999999999999');
    go();
    const room = await opening;
    expect(room.memberCount).toBe(2);
    await settle();
    expect(bench.types()).toEqual(['member.joined']);
    expect(room.memberCount).toBe(3);
  });

  it('is not lost in any room that is being opened when it may be in all of them', async () => {
    const go = bench.table.hold();
    const opening = Promise.all(otherIds.map((id) => bench.rooms.open(id)));
    await settle();
    bench.table.members = [ada];
    bench.table.changed?.();
    go();
    await opening;
    await settle();
    expect(bench.heard.map(({ guildId: id }) => id).sort()).toEqual([guildId, ...otherIds].sort());
  });

  it('may be that the guild is gone: the room ends as soon as it is open', async () => {
    const go = bench.table.hold();
    const opening = bench.rooms.open(otherIds[0]!);
    await settle();
    bench.table.members = bench.backup.members = undefined;
    bench.table.changed?.(otherIds[0]);
    go();
    await opening;
    await settle();
    expect(bench.heard).toMatchObject([{ type: 'guild.removed', guildId: otherIds[0] }]);
  });

  it('is told by a refresh that was asked for after it', async () => {
    const go = bench.table.hold();
    const early = bench.reconciler.refresh(guildId);
    await settle();
    bench.table.members = [ada, bob, eve];
    const late = Promise.all([bench.reconciler.refresh(guildId), bench.reconciler.refresh(guildId)]);
    await settle();
    bench.table.loads = 0;
    go();
    expect(await early).toBe(0);
    expect(await late).toEqual([1, 1]);
    expect(bench.table.loads).toBe(1);
    expect(bench.types()).toEqual(['member.joined']);
  });

  it('is told by a refresh also when the one before it failed', async () => {
    let fail: ((reason: Error) => void) | undefined;
    bench.table.asked = () => new Promise((_, reject) => (fail = reject));
    const early = bench.reconciler.refresh(guildId).catch((error: unknown) => error);
    await settle();
    const late = bench.reconciler.refresh(guildId);
    await settle();
    bench.table.asked = undefined;
    bench.table.members = [ada];
    fail?.(new Error('broken'));
    expect(await early).toMatchObject({ code: 'guild.unavailable' });
    // It is back, and somebody left meanwhile.
    expect(await late).toBe(2);
  });

  it('asks once more, and not for ever', async () => {
    const go = bench.table.hold();
    bench.table.changed?.(guildId);
    await settle();
    bench.table.loads = 0;
    for (let n = 0; n < 5; n += 1) bench.table.changed?.(guildId);
    go();
    await vi.advanceTimersByTimeAsync(pollMs / 2);
    expect(bench.table.loads).toBe(1);
  });
});

describe('many rooms', () => {
  it('are compared a few at a time, and all of them', async () => {
    await openAll();
    bench.table.members = [ada];
    const go = bench.table.hold();
    bench.table.changed?.();
    await vi.advanceTimersByTimeAsync(500);
    expect(bench.table.loads).toBe(4);
    go();
    await settle();
    expect(bench.table.loads).toBe(10);
    expect(new Set(bench.heard.map(({ guildId: id }) => id))).toEqual(new Set([guildId, ...otherIds]));
    // Once more: those that are done made room.
    bench.table.changed?.();
    await settle();
    expect(bench.table.loads).toBe(20);
  });

  it('are compared after others could not be', async () => {
    await openAll();
    let asked = 0;
    bench.table.asked = () => ((asked += 1) <= 4 ? Promise.reject(new Error('broken')) : Promise.resolve());
    bench.table.members = [ada];
    bench.table.changed?.();
    await settle();
    expect(bench.types().filter((type) => type === 'guild.unavailable')).toHaveLength(4);
    expect(bench.types().filter((type) => type === 'member.left')).toHaveLength(6);
  });
});

describe('a room', () => {
  it('that was closed while its source was asked hears nothing of the answer', async () => {
    const go = bench.table.hold();
    bench.table.members = [ada];
    const refreshing = bench.reconciler.refresh(guildId);
    await settle();
    bench.rooms.close(guildId);
    go();
    expect(await refreshing).toBe(0);
    expect(bench.heard).toEqual([]);
  });

  it('is opened by a refresh, and one that nobody knows is not', async () => {
    const [id] = otherIds;
    expect(await bench.reconciler.refresh(id!)).toBe(0);
    expect(bench.rooms.peek(id!)?.memberCount).toBe(2);
    bench.table.members = bench.backup.members = undefined;
    await expect(bench.reconciler.refresh(otherIds[1]!)).rejects.toMatchObject({ code: 'guild.not_found' });
    expect(bench.rooms.peek(otherIds[1]!)).toBeUndefined();
  });

  it('takes over what the source says beside its members, without an event', async () => {
    const room = await bench.rooms.open(guildId);
    const entry = {
      id: guildId,
      name: '',
      alias: 'guild',
      iconUrl: null,
      default: true,
      door: 'open',
      source: 'table',
    };
    const shown = () => room.snapshot(entry as Parameters<typeof room.snapshot>[0]);
    const before = shown();
    bench.table.partial = ['presence'];
    await vi.advanceTimersByTimeAsync(pollMs);
    expect(bench.heard).toEqual([]);
    expect(shown()).toMatchObject({ partial: ['presence'], stale: false, cursor: before.cursor });
    expect(shown().asOf > before.asOf).toBe(true);
  });

  it('that was opened with an old answer hears that its source is back', async () => {
    bench.rooms.close(guildId);
    await vi.advanceTimersByTimeAsync(61_000);
    bench.table.asked = () => Promise.reject(new Error('broken'));
    const room = await bench.rooms.open(guildId);
    expect(room.available).toBe(false);
    await vi.advanceTimersByTimeAsync(pollMs);
    // It was never told that it is there.
    expect(bench.types()).toEqual([]);
    bench.table.asked = undefined;
    await vi.advanceTimersByTimeAsync(2 * pollMs);
    expect(bench.types()).toEqual(['guild.updated']);
    expect(room.available).toBe(true);
  });
});

describe('the end', () => {
  it('waits for what is under way, and begins nothing more', async () => {
    await openAll();
    bench.table.members = [ada];
    const go = bench.table.hold();
    bench.table.changed?.();
    const opening = bench.rooms.open('120000000000000000');
    await settle();
    bench.table.changed?.();
    expect(bench.table.loads).toBe(5);
    let ended = false;
    const ending = bench.reconciler.beforeApplicationShutdown().then(() => (ended = true));
    await settle();
    expect(ended).toBe(false);
    go();
    await ending;
    await opening;
    await vi.advanceTimersByTimeAsync(3 * pollMs);
    expect(bench.table.loads).toBe(5);
    expect(bench.heard).toHaveLength(4);
  });

  it('leaves no timer running', async () => {
    const before = vi.getTimerCount();
    await bench.reconciler.beforeApplicationShutdown();
    expect(vi.getTimerCount()).toBe(before - 1);
  });
});

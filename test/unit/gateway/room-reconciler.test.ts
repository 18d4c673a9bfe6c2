import { describe, expect, it, vi } from 'vitest';
import { messageOf, presenceOf } from '../../support/events.js';
import { ada, bob, eve, guildId, pollMs, staleMs, useReconciler } from './reconciler-bench.js';

const bench = useReconciler();

/** What the room would have to hear to show what the table says. */
async function missing() {
  const guild = { id: guildId, name: 'Guild', iconUrl: null };
  const said = { guild, members: bench.table.members ?? [], partial: [], source: 'table', asOf: '', stale: false };
  return (await bench.rooms.open(guildId)).differencesTo(said);
}

describe('a room whose source tells no changes', () => {
  it('hears them when the source is looked at again, and is then what the source says', async () => {
    bench.table.members = [{ ...ada, displayName: 'Lady Ada', status: 'dnd' }, eve];
    await vi.advanceTimersByTimeAsync(pollMs);
    expect(bench.types()).toEqual(['member.updated', 'presence.updated', 'member.joined', 'member.left']);
    expect(bench.heard[0]?.data).toMatchObject({ previous: { displayName: ada.displayName } });
    expect(await missing()).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * pollMs);
    expect(bench.heard).toHaveLength(4);
  });

  it('hears them at once when the source notices something, also while it is being asked', async () => {
    const go = bench.table.hold();
    bench.table.changed?.(guildId);
    await vi.advanceTimersByTimeAsync(1);
    bench.table.members = [ada];
    bench.table.changed?.();
    bench.table.changed?.('999999999999999999');
    go();
    await vi.advanceTimersByTimeAsync(1);
    expect(bench.types()).toEqual(['member.left']);
  });

  it('keeps what it shows while the source is broken, marked as old, and no other source speaks for it', async () => {
    bench.backup.members = [eve];
    bench.table.asked = () => Promise.reject(new Error('broken'));
    await vi.advanceTimersByTimeAsync(3 * pollMs);
    expect(bench.types()).toEqual(['guild.unavailable']);
    expect((await bench.rooms.open(guildId)).memberCount).toBe(2);
    bench.table.asked = undefined;
    bench.table.members = [ada];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bench.types()).toEqual(['guild.unavailable', 'guild.updated', 'member.left']);
  });

  it('is given to the next source when its own stays broken', async () => {
    bench.backup.members = [eve];
    bench.table.asked = () => Promise.reject(new Error('broken'));
    await vi.advanceTimersByTimeAsync(staleMs + 60_000);
    expect(bench.types().slice(0, 2)).toEqual(['guild.unavailable', 'guild.updated']);
    expect((await bench.rooms.open(guildId)).lastWord.source).toBe('backup');
  });

  it('ends when no source knows the guild any more', async () => {
    bench.table.members = bench.backup.members = undefined;
    await vi.advanceTimersByTimeAsync(pollMs);
    expect(bench.types()).toEqual(['guild.removed']);
    expect(bench.rooms.peek(guildId)).toBeUndefined();
  });

  it('is not read again while a source that tells its changes itself speaks for it', async () => {
    bench.table.live = true;
    const before = bench.table.loads;
    await vi.advanceTimersByTimeAsync(3 * pollMs);
    expect(bench.table.loads).toBe(before);
  });

  it('does not undo what happened while the source was asked', async () => {
    const go = bench.table.hold();
    const refreshing = bench.reconciler.refresh(guildId);
    await vi.advanceTimersByTimeAsync(1);
    await bench.log.append(presenceOf(guildId, bob, 'dnd'));
    await bench.log.append(messageOf(guildId, ada, 'hello'));
    go();
    expect(await refreshing).toBe(0);
    expect(bench.types()).toEqual(['presence.updated', 'message.created']);
  });

  it('is read again by hand, whatever was kept', async () => {
    bench.table.members = [ada, bob, eve];
    expect(await bench.reconciler.refresh(guildId)).toBe(1);
    expect(bench.types()).toEqual(['member.joined']);
  });
});

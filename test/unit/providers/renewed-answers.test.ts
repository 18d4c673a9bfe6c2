import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type GuardedSource } from '../../../src/providers/guarded-source.js';
import { guildId, held, ScriptedSource } from './scripted-source.js';

let source: ScriptedSource;
let guarded: GuardedSource;

beforeEach(async () => {
  vi.useFakeTimers();
  source = new ScriptedSource();
  guarded = source.guarded({ revalidateMs: 30_000, staleMs: 120_000 });
  await guarded.load(guildId);
  source.word = 'second';
});
afterEach(() => vi.useRealTimers());

const broken = () => Promise.reject(new Error('broken'));
const load = async () => {
  const { guild, stale, renewing = false } = (await guarded.load(guildId))!;
  return [guild.name, stale, renewing];
};

describe('an old answer', () => {
  it('is given at once, marked, while one question goes on behind it; then the new one is given', async () => {
    await vi.advanceTimersByTimeAsync(60_001);
    const { wait, go } = held();
    source.answering = wait;
    expect(await Promise.all(Array.from({ length: 100 }, load))).toEqual(Array(100).fill(['first', true, true]));
    expect(source.questions).toHaveLength(2);
    go();
    await vi.advanceTimersByTimeAsync(1);
    expect(await load()).toEqual(['second', false, false]);
    expect(source.questions).toHaveLength(2);
  });

  it('is given to nobody while it is fresh, when it is too old, or where that is off', async () => {
    await vi.advanceTimersByTimeAsync(59_999);
    expect(await load()).toEqual(['first', false, false]);
    await vi.advanceTimersByTimeAsync(30_002);
    expect(await load()).toEqual(['second', false, false]);
    guarded = source.guarded();
    await load();
    source.word = 'third';
    await vi.advanceTimersByTimeAsync(60_001);
    expect(await load()).toEqual(['third', false, false]);
  });

  it('is never given to who wants a fresh one', async () => {
    await vi.advanceTimersByTimeAsync(60_001);
    expect(await guarded.load(guildId, { fresh: true })).toMatchObject({ guild: { name: 'second' }, stale: false });
  });

  it('spares who wants a fresh one a second question, if the first is new enough', async () => {
    await vi.advanceTimersByTimeAsync(60_001);
    const since = performance.now();
    await load();
    await vi.advanceTimersByTimeAsync(1);
    expect(await guarded.load(guildId, { fresh: true, since })).toMatchObject({ guild: { name: 'second' } });
    expect(source.questions).toHaveLength(2);
    await guarded.load(guildId, { fresh: true, since: performance.now() + 1 });
    await guarded.load(guildId, { fresh: true });
    expect(source.questions).toHaveLength(4);
  });

  it('stays while the source is broken, as long as any old answer does', async () => {
    source.answering = broken;
    await vi.advanceTimersByTimeAsync(60_001);
    expect(await load()).toEqual(['first', true, true]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await load()).toEqual(['first', true, true]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(await load()).toEqual(['first', true, false]);
    await vi.advanceTimersByTimeAsync(20_000);
    await expect(load()).rejects.toThrow();
  });

  it('goes with the first failure where an old answer is not better than none', async () => {
    guarded = source.guarded({ revalidateMs: 30_000, staleMs: 0 });
    await load();
    source.answering = broken;
    await vi.advanceTimersByTimeAsync(60_001);
    expect(await load()).toEqual(['second', true, true]);
    await vi.advanceTimersByTimeAsync(1);
    await expect(load()).rejects.toThrow('broken');
  });

  it('goes when the source does not know the guild any more', async () => {
    source.word = '';
    await vi.advanceTimersByTimeAsync(60_001);
    expect(await load()).toEqual(['first', true, true]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await guarded.load(guildId)).toBeUndefined();
  });
});

describe('after the source noticed a change', () => {
  beforeEach(() => {
    guarded.watch(() => undefined);
  });

  it.each([[guildId], [undefined]])('whoever asks next waits for the truth (changed(%s))', async (about) => {
    await vi.advanceTimersByTimeAsync(61_000);
    source.notice(about);
    expect(await load()).toEqual(['second', false, false]);
    source.word = 'third';
    expect(await load()).toEqual(['second', false, false]);
    expect(source.questions).toHaveLength(2);
  });

  it('an answer that was under way is not taken for the truth', async () => {
    const { wait, go } = held();
    source.answering = wait;
    const early = guarded.load(guildId, { fresh: true });
    await vi.advanceTimersByTimeAsync(1);
    source.answering = () => Promise.resolve();
    source.word = 'third';
    source.notice(guildId);
    expect(await load()).toEqual(['third', false, false]);
    go();
    expect(await early).toMatchObject({ guild: { name: 'second' } });
    // It came last and is older all the same.
    expect(await load()).toEqual(['third', false, false]);
    expect(source.questions).toHaveLength(3);
  });

  it('one that ends late takes nothing from a newer one, neither its place nor its answer', async () => {
    const early = held();
    source.word = '';
    source.answering = early.wait;
    const gone = guarded.load(guildId, { fresh: true });
    await vi.advanceTimersByTimeAsync(1);
    source.notice(guildId);
    const later = held();
    source.word = 'third';
    source.answering = later.wait;
    const first = load();
    await vi.advanceTimersByTimeAsync(1);
    early.go();
    expect(await gone).toBeUndefined();
    const second = load();
    later.go();
    expect(await Promise.all([first, second])).toEqual(Array(2).fill(['third', false, false]));
    expect(source.questions).toHaveLength(3);
  });

  it('that the guild is gone is no news where it was heard before the change', async () => {
    const early = held();
    source.word = '';
    source.answering = early.wait;
    const gone = guarded.load(guildId, { fresh: true });
    await vi.advanceTimersByTimeAsync(1);
    source.notice(guildId);
    source.word = 'third';
    source.answering = () => Promise.resolve();
    await load();
    early.go();
    await gone;
    expect(await load()).toEqual(['third', false, false]);
    expect(source.questions).toHaveLength(3);
  });

  it('an answer from before it is still better than none', async () => {
    const { wait, go } = held();
    source.answering = wait;
    const early = guarded.load(guildId, { fresh: true });
    await vi.advanceTimersByTimeAsync(1);
    source.notice(guildId);
    go();
    await early;
    source.answering = broken;
    expect(await load()).toEqual(['second', true, false]);
  });

  it('another guild keeps its answer', async () => {
    source.notice('999999999999999999');
    expect(await load()).toEqual(['first', false, false]);
  });
});

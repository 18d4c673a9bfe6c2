import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataProvider, type RawSnapshot } from '../../../src/providers/data-provider.js';
import { GuardedSource, type SourceLimits } from '../../../src/providers/guarded-source.js';
import { SourceBusyError } from '../../../src/providers/source-busy.error.js';

const guildId = '100000000000000001';
const usual = {
  timeoutMs: 1_000,
  concurrency: 2,
  perMinute: 0,
  cacheMs: 60_000,
  revalidateMs: 0,
  staleMs: 600_000,
  emptyIsFailure: false,
};

class Scripted extends DataProvider {
  readonly name = 'scripted';
  loads = 0;
  signals: AbortSignal[] = [];
  answer: () => Promise<number> = () => Promise.resolve(1);

  listGuilds(): Promise<[]> {
    return Promise.resolve([]);
  }

  async loadGuild(id: string, signal: AbortSignal): Promise<RawSnapshot | undefined> {
    this.loads += 1;
    this.signals.push(signal);
    const count = await this.answer();
    const members = Array.from({ length: count }, (_, n) => ({ id: `20000000000000000${n}`, username: `m${n}` }));
    return { guild: { id, name: 'Guild', iconUrl: null }, members };
  }
}

let provider: Scripted;
const source = (limits: Partial<SourceLimits> = {}) => new GuardedSource(provider, { ...usual, ...limits });
const never = () => new Promise<number>(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
  provider = new Scripted();
});
afterEach(() => vi.useRealTimers());

describe('a guarded source', () => {
  it('asks once for all who ask at the same time or soon after, and again when its answer is old', async () => {
    const guarded = source();
    await Promise.all(Array.from({ length: 1_000 }, () => guarded.load(guildId)));
    await guarded.load(guildId);
    expect(provider.loads).toBe(1);
    await vi.advanceTimersByTimeAsync(60_001);
    await guarded.load(guildId);
    await guarded.load(guildId, { fresh: true });
    expect(provider.loads).toBe(3);
  });

  it('gives an old answer, marked as that, while it is broken; not for ever, and not when a fresh one is wanted', async () => {
    const guarded = source();
    expect(await guarded.load(guildId)).toMatchObject({ stale: false, source: 'scripted' });
    provider.answer = () => Promise.reject(new Error('broken'));
    await expect(guarded.load(guildId, { fresh: true })).rejects.toThrow('broken');
    await vi.advanceTimersByTimeAsync(61_000);
    expect(await guarded.load(guildId)).toMatchObject({ stale: true, members: [{ username: 'm0' }] });
    await vi.advanceTimersByTimeAsync(600_000);
    await expect(guarded.load(guildId)).rejects.toThrow();
  });

  it('does not wait for one that hangs, and tells it that nobody waits', async () => {
    provider.answer = never;
    const loading = expect(source().load(guildId)).rejects.toThrow('no answer within 1000 ms');
    await vi.advanceTimersByTimeAsync(1_001);
    await loading;
    expect(provider.signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('asks only so much at once', async () => {
    provider.answer = never;
    const guarded = source();
    const loads = Array.from({ length: 30 }, (_, n) => guarded.load(`1000000000000000${n + 10}`).catch(String));
    await vi.advanceTimersByTimeAsync(1);
    expect(provider.loads).toBe(2);
    await vi.advanceTimersByTimeAsync(60_000);
    const answers = await Promise.all(loads);
    expect(answers.filter((answer) => answer === 'Error: too many questions are waiting')).toHaveLength(8);
  });

  it('leaves one that keeps failing alone for a while', async () => {
    provider.answer = () => Promise.reject(new Error('broken'));
    const guarded = source();
    for (let n = 0; n < 20; n += 1) await guarded.load(guildId).catch(() => undefined);
    expect(provider.loads).toBe(5);
    await expect(guarded.load(guildId)).rejects.toThrow('left alone');
    provider.answer = () => Promise.resolve(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await guarded.load(guildId)).toMatchObject({ stale: false });
  });

  it('obeys one that says when to come back', async () => {
    provider.answer = () => Promise.reject(new SourceBusyError('429', 30_000));
    const guarded = source();
    await expect(guarded.load(guildId)).rejects.toThrow('429');
    provider.answer = () => Promise.resolve(1);
    await vi.advanceTimersByTimeAsync(29_000);
    await expect(guarded.load(guildId)).rejects.toThrow('asked not to be asked');
    expect(provider.loads).toBe(1);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(await guarded.load(guildId)).toBeDefined();
  });

  it('takes an empty guild for what it is, or for a failure where that was chosen', async () => {
    provider.answer = () => Promise.resolve(0);
    expect(await source().load(guildId)).toMatchObject({ members: [] });
    await expect(source({ emptyIsFailure: true }).load(guildId)).rejects.toThrow('no members');
  });

  it('says the same fault once, and another one at once', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const guarded = source();
    provider.answer = () => Promise.reject(new Error('broken'));
    for (let n = 0; n < 4; n += 1) await guarded.load(guildId).catch(() => undefined);
    provider.answer = () => Promise.reject(new Error('worse'));
    await guarded.load(guildId).catch(() => undefined);
    expect(warned.mock.calls.map(([words]) => String(words))).toEqual([
      'data source scripted: broken',
      'data source scripted: worse',
    ]);
    warned.mockRestore();
  });

  it('asks again after a change was noticed, and has the former answer if that fails', async () => {
    let notice: ((guildId?: string) => void) | undefined;
    provider.watch = (changed) => {
      notice = changed;
      return Promise.resolve(() => Promise.resolve());
    };
    const guarded = source();
    const heard: unknown[] = [];
    const stop = guarded.watch((changed) => heard.push(changed));
    await guarded.load(guildId);
    notice?.('999999999999999999');
    await guarded.load(guildId);
    expect(provider.loads).toBe(1);
    notice?.(guildId);
    await guarded.load(guildId);
    expect(provider.loads).toBe(2);
    notice?.();
    provider.answer = () => Promise.reject(new Error('broken'));
    expect(await guarded.load(guildId)).toMatchObject({ stale: true });
    await stop();
    notice?.(guildId);
    expect(heard).toEqual(['999999999999999999', guildId, undefined]);
  });

  it('holds up neither start nor end when it cannot watch, and is stopped however late it began', async () => {
    provider.watch = () => Promise.reject(new Error('cannot watch'));
    await source().watch(() => undefined)();
    let begin: ((stop: () => Promise<void>) => void) | undefined;
    provider.watch = () => new Promise((resolve) => (begin = resolve));
    await source().watch(() => undefined)();
    const stopped = vi.fn(() => Promise.resolve());
    begin?.(stopped);
    await vi.advanceTimersByTimeAsync(1);
    expect(stopped).toHaveBeenCalledOnce();
  });
});

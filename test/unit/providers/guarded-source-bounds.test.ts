import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SourceGuild } from '../../../src/domain/source-snapshot.js';
import { DataProvider, type RawSnapshot } from '../../../src/providers/data-provider.js';
import { GuardedSource, type SourceLimits } from '../../../src/providers/guarded-source.js';
import { SourceBusyError } from '../../../src/providers/source-busy.error.js';

const [here, there] = ['100000000000000001', '100000000000000002'] as const;
const usual = {
  timeoutMs: 1_000,
  concurrency: 2,
  cacheMs: 60_000,
  revalidateMs: 0,
  perMinute: 0,
  staleMs: 600_000,
  emptyIsFailure: false,
};

/** Knows every guild, with one member, unless told otherwise. */
class Scripted extends DataProvider {
  readonly name = 'scripted';
  override live = false;
  loads = 0;
  fault: Error | undefined;
  knows = true;
  members: unknown[] = [{ id: '200000000000000001', username: 'ada' }];
  listed: unknown[] = [];
  notice: ((guildId?: string) => void) | undefined;

  listGuilds(): Promise<SourceGuild[]> {
    return this.fault ? Promise.reject(this.fault) : Promise.resolve(this.listed as SourceGuild[]);
  }

  loadGuild(id: string): Promise<RawSnapshot | undefined> {
    this.loads += 1;
    if (this.fault) return Promise.reject(this.fault);
    const members = this.members as RawSnapshot['members'];
    return Promise.resolve(this.knows ? { guild: { id, name: 'Guild', iconUrl: null }, members } : undefined);
  }

  override watch(changed: (guildId?: string) => void): Promise<() => Promise<void>> {
    this.notice = changed;
    return Promise.resolve(() => Promise.resolve());
  }
}

let provider: Scripted;
let warnings: string[];
const source = (limits: Partial<SourceLimits> = {}) => new GuardedSource(provider, { ...usual, ...limits });

beforeEach(() => {
  vi.useFakeTimers();
  provider = new Scripted();
  warnings = [];
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((words: unknown) => void warnings.push(String(words)));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('what a source said', () => {
  it('is good for as long as it may be kept and then be old, to the millisecond', async () => {
    const guarded = source();
    await guarded.load(here);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await guarded.load(here)).toMatchObject({ stale: false });
    expect(provider.loads).toBe(1);
    provider.fault = new Error('broken');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await guarded.load(here)).toMatchObject({ stale: true });
    await vi.advanceTimersByTimeAsync(1);
    await expect(guarded.load(here)).rejects.toThrow('broken');
  });

  it('does not get younger when a change is noticed', async () => {
    const guarded = source();
    guarded.watch(() => undefined);
    await guarded.load(here);
    provider.fault = new Error('broken');
    await vi.advanceTimersByTimeAsync(655_000);
    provider.notice?.(here);
    provider.notice?.();
    expect(await guarded.load(here)).toMatchObject({ stale: true });
    await vi.advanceTimersByTimeAsync(5_001);
    await expect(guarded.load(here)).rejects.toThrow('broken');
  });

  it('is kept of each guild for itself', async () => {
    const guarded = source();
    guarded.watch(() => undefined);
    await guarded.load(here);
    await guarded.load(there);
    await guarded.load(here);
    expect(provider.loads).toBe(2);
    provider.notice?.(here);
    await guarded.load(there);
    expect(provider.loads).toBe(2);
    await guarded.load(here);
    expect(provider.loads).toBe(3);
    provider.notice?.();
    await guarded.load(here);
    await guarded.load(there);
    expect(provider.loads).toBe(5);
  });

  it('is not kept when it tells its changes itself', async () => {
    provider.live = true;
    const guarded = source();
    expect(guarded.live).toBe(true);
    await guarded.load(here);
    await guarded.load(here);
    expect(provider.loads).toBe(2);
    provider.fault = new Error('broken');
    await expect(guarded.load(here)).rejects.toThrow('broken');
  });

  it('is forgotten with the guild', async () => {
    const guarded = source({ cacheMs: 0 });
    await guarded.load(here);
    await vi.advanceTimersByTimeAsync(1);
    provider.knows = false;
    expect(await guarded.load(here)).toBeUndefined();
    provider.fault = new Error('broken');
    await expect(guarded.load(here)).rejects.toThrow('broken');
  });

  it('stays when it says later that nobody is there, where that is a failure', async () => {
    const guarded = source({ cacheMs: 0, emptyIsFailure: true });
    await guarded.load(here);
    await vi.advanceTimersByTimeAsync(1);
    provider.members = [];
    expect(await guarded.load(here)).toMatchObject({ stale: true, members: [{ username: 'ada' }] });
    expect(warnings).toEqual([`data source scripted: guild ${here} has no members`]);
  });

  it('is looked through again each time, and what was mended is said once', async () => {
    const guarded = source({ cacheMs: 0 });
    provider.members = [{ id: '200000000000000001', status: 'away' }, {}];
    for (let n = 0; n < 3; n += 1) {
      expect((await guarded.load(here))?.members).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
    }
    provider.members = [{ id: '200000000000000001', username: 'a' }, {}, {}];
    for (let n = 0; n < 2; n += 1) {
      await guarded.load(here);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(warnings).toEqual([
      `data source scripted: mended in guild ${here}: username (1), status (1), members without an id (1)`,
      `data source scripted: mended in guild ${here}: members without an id (2)`,
    ]);
  });

  it('of its guilds is looked through too', async () => {
    provider.listed = [
      {
        id: here,
        name: 'Town',
        iconUrl: 'javascript:alert(1)',
        suggested: { alias: '../x', door: 'ajar', default: 1 },
      },
      { id: there, name: 5 },
      { name: 'no id' },
      { id: '__proto__', name: 'x' },
      null,
    ];
    const guarded = source();
    const guilds = [
      { id: here, name: 'Town', iconUrl: null, source: 'scripted' },
      { id: there, name: 'Unknown', iconUrl: null, source: 'scripted' },
    ];
    expect(await guarded.list()).toEqual(guilds);
    expect(await guarded.list()).toEqual(guilds);
    expect(warnings).toEqual([
      'data source scripted: mended in its list: name of the guild (1), guilds without an id (3)',
    ]);
  });

  it.each([['nothing', undefined], ['null'], ['a number', 5], ['an object', {}]])(
    'of its guilds is what it was when it says %s',
    async (_what, list: unknown = null) => {
      provider.listed = [{ id: here, name: 'Town' }];
      const guarded = source();
      await guarded.list();
      provider.listed = list as unknown[];
      expect(await guarded.list()).toMatchObject([{ id: here, name: 'Town' }]);
      expect(warnings).toHaveLength(1);
    },
  );
});

describe('a source in trouble', () => {
  it('is complained of once a minute', async () => {
    provider.fault = new Error('broken');
    const guarded = source();
    for (let n = 0; n < 3; n += 1) await guarded.load(here).catch(() => undefined);
    await vi.advanceTimersByTimeAsync(59_999);
    await guarded.load(here).catch(() => undefined);
    expect(warnings).toEqual(['data source scripted: broken']);
    await vi.advanceTimersByTimeAsync(1);
    await guarded.list();
    expect(warnings).toEqual(['data source scripted: broken', 'data source scripted: broken']);
  });

  it('is complained of once too where the words differ in a number alone', async () => {
    const guarded = source();
    for (const seconds of [30, 12, 3]) {
      provider.fault = new Error(`to be asked again in ${seconds} s`);
      await guarded.load(here).catch(() => undefined);
    }
    expect(warnings).toEqual(['data source scripted: to be asked again in 30 s']);
  });

  it.each([
    ['is broken', new Error('broken'), 'left alone'],
    ['wants a pause', new SourceBusyError('429', 3_600_000), 'asked not to be asked'],
  ])('is not complained of again with every question that is not put to it while it %s', async (_what, fault, rest) => {
    provider.fault = fault;
    const guarded = source();
    for (let second = 0; second < 59; second += 1) {
      await guarded.load(here).catch(() => undefined);
      await guarded.load(there).catch(() => undefined);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(warnings).toEqual([expect.stringContaining(fault.message), expect.stringContaining(rest)]);
  });

  it('is asked again at the latest after half a minute, however long it was broken', async () => {
    provider.fault = new Error('broken');
    const guarded = source();
    const asked: number[] = [];
    for (let second = 0; second < 3_600; second += 1) {
      const before = provider.loads;
      await guarded.load(here).catch(() => undefined);
      if (provider.loads > before) asked.push(second);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    const pauses = asked.slice(1).map((second, n) => second - asked[n]!);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(31);
    // And it is left alone, too.
    expect(asked.length).toBeLessThan(1_800);
  });

  it('that wants pauses is not broken for that', async () => {
    provider.fault = new SourceBusyError('429', 10);
    const guarded = source();
    for (let n = 1; n <= 12; n += 1) {
      await expect(guarded.load(here)).rejects.toThrow('429');
      expect(provider.loads).toBe(n);
      await vi.advanceTimersByTimeAsync(11);
    }
    provider.fault = undefined;
    expect(await guarded.load(here)).toBeDefined();
  });

  it('is left alone for an hour at most, whatever it wants', async () => {
    provider.fault = new SourceBusyError('429', 1e12);
    const guarded = source();
    await expect(guarded.load(here)).rejects.toThrow('429');
    provider.fault = undefined;
    await vi.advanceTimersByTimeAsync(3_599_000);
    await expect(guarded.load(here)).rejects.toThrow('asked not to be asked');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await guarded.load(here)).toBeDefined();
  });

  it.each([
    ['a class of its own', { name: 'SourceBusyError', retryAfterMs: 5_000 }, true],
    ['no time', { name: 'SourceBusyError' }, false],
    ['a time that is none', { name: 'SourceBusyError', retryAfterMs: '5000' }, false],
    ['not a number', { name: 'SourceBusyError', retryAfterMs: Number.NaN }, false],
    ['a time in the past', { name: 'SourceBusyError', retryAfterMs: -5_000 }, false],
    ['another name', { name: 'HttpError', retryAfterMs: 5_000 }, false],
  ])('may say that it is busy with %s', async (_what, fields, obeyed) => {
    provider.fault = Object.assign(new Error('busy'), fields);
    const guarded = source();
    await expect(guarded.load(here)).rejects.toThrow('busy');
    provider.fault = undefined;
    if (obeyed) await expect(guarded.load(here)).rejects.toThrow('asked not to be asked');
    else expect(await guarded.load(here)).toBeDefined();
  });
});

import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../../src/app.config.js';
import { busyFor, SourceBusyError } from '../../../src/providers/source-busy.error.js';
import { guildId, ScriptedSource } from './scripted-source.js';

let source: ScriptedSource;
let warned: string[];

beforeEach(() => {
  vi.useFakeTimers();
  source = new ScriptedSource();
  warned = [];
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((words: unknown) => void warned.push(String(words)));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const spent = 'has been asked as often as it may be, 4 times in a minute';
const failing = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('did not fail');
};

describe('the questions of a minute', () => {
  it('are counted, and who asks more hears how long to wait', async () => {
    const guarded = source.guarded({ perMinute: 4 });
    for (let n = 0; n < 4; n += 1) await guarded.load(guildId, { fresh: true });
    await vi.advanceTimersByTimeAsync(20_000);
    const error = await failing(guarded.load(guildId, { fresh: true }));
    expect(String(error)).toBe(`SourceBusyError: ${spent}`);
    expect(busyFor(error)).toBe(40_000);
    expect(source.questions).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(40_001);
    await guarded.load(guildId, { fresh: true });
    expect(source.questions).toHaveLength(5);
  });

  it('being used up, what was kept is given as for any outage', async () => {
    const guarded = source.guarded({ perMinute: 2, cacheMs: 0 });
    await guarded.load(guildId);
    await vi.advanceTimersByTimeAsync(1);
    await guarded.load(guildId);
    await vi.advanceTimersByTimeAsync(1);
    expect(await guarded.load(guildId)).toMatchObject({ stale: true, guild: { name: 'first' } });
    expect(source.questions).toHaveLength(2);
  });

  it('are left to guilds where lists would use them up', async () => {
    const guarded = source.guarded({ perMinute: 4 });
    source.word = 'Town';
    for (let n = 0; n < 60; n += 1) expect(await guarded.list()).toMatchObject([{ name: 'Town' }]);
    expect(source.questions).toEqual(['list', 'list']);
    for (const id of ['1', '2']) await guarded.load(`10000000000000000${id}`, { fresh: true });
    await expect(guarded.load(guildId, { fresh: true })).rejects.toThrow(spent);
    expect(warned).toEqual([`data source scripted: ${spent}`]);
  });

  it('are any number without a limit', async () => {
    const guarded = source.guarded();
    for (let n = 0; n < 200; n += 1) await guarded.load(guildId, { fresh: true });
    expect(source.questions).toHaveLength(200);
  });

  it('are of each source by itself', async () => {
    const other = new ScriptedSource();
    for (const one of [source, other]) {
      const guarded = one.guarded({ perMinute: 2 });
      for (let n = 0; n < 5; n += 1) await guarded.load(guildId, { fresh: true }).catch(() => undefined);
      expect(one.questions).toHaveLength(2);
    }
  });
});

describe('a source with a limit that fails', () => {
  const failTimes = async (guarded: ReturnType<ScriptedSource['guarded']>, times: number) => {
    const errors: string[] = [];
    for (let n = 0; n < times; n += 1) errors.push(String(await failing(guarded.load(guildId, { fresh: true }))));
    return errors;
  };

  it('is left alone for its failures, never for questions that were not asked', async () => {
    const guarded = source.guarded({ perMinute: 4 });
    source.answering = () => Promise.reject(new Error('broken'));
    expect(await failTimes(guarded, 30)).toEqual([
      ...Array<string>(4).fill('Error: broken'),
      ...Array<string>(26).fill(`SourceBusyError: ${spent}`),
    ]);
    // The fifth failure in a row is the next one.
    await vi.advanceTimersByTimeAsync(60_001);
    expect(await failTimes(guarded, 2)).toEqual([
      'Error: broken',
      'Error: left alone for a while after failing again and again',
    ]);
    expect(source.questions).toHaveLength(5);
  });

  it('is not taken for well again because a question was not asked', async () => {
    const guarded = source.guarded({ perMinute: 5 });
    source.answering = () => Promise.reject(new Error('broken'));
    await failTimes(guarded, 5);
    // Its rest is over, but its minute is not.
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await failTimes(guarded, 3)).toEqual(
      Array<string>(3).fill('SourceBusyError: has been asked as often as it may be, 5 times in a minute'),
    );
    await vi.advanceTimersByTimeAsync(30_001);
    expect(await failTimes(guarded, 2)).toEqual([
      'Error: broken',
      'Error: left alone for a while after failing again and again',
    ]);
  });

  it('loses no question of its minute while it is left alone', async () => {
    const guarded = source.guarded({ perMinute: 7 });
    source.answering = () => Promise.reject(new Error('broken'));
    await failTimes(guarded, 20);
    await vi.advanceTimersByTimeAsync(5_000);
    source.answering = () => Promise.resolve();
    for (let n = 0; n < 2; n += 1) await guarded.load(guildId, { fresh: true });
    expect(source.questions).toHaveLength(7);
  });

  it('obeys a Retry-After together with the limit, whichever ends later', async () => {
    const guarded = source.guarded({ perMinute: 4 });
    source.answering = () => Promise.reject(new SourceBusyError('429', 10_000));
    expect(await failTimes(guarded, 1)).toEqual(['SourceBusyError: 429']);
    source.answering = () => Promise.resolve();
    expect(busyFor(await failing(guarded.load(guildId, { fresh: true })))).toBe(10_000);
    await vi.advanceTimersByTimeAsync(10_001);
    for (let n = 0; n < 3; n += 1) await guarded.load(guildId, { fresh: true });
    // 60 seconds after the first question of the four, not 10 after the last word of the source.
    expect(busyFor(await failing(guarded.load(guildId, { fresh: true })))).toBe(49_999);
    await vi.advanceTimersByTimeAsync(50_000);
    source.answering = () => Promise.reject(new SourceBusyError('429', 600_000));
    expect(await failTimes(guarded, 1)).toEqual(['SourceBusyError: 429']);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(busyFor(await failing(guarded.load(guildId, { fresh: true })))).toBe(480_000);
    expect(source.questions).toHaveLength(5);
  });

  it('is complained about once, however long there is to wait', async () => {
    const guarded = source.guarded();
    source.answering = () => Promise.reject(new SourceBusyError('to be asked again later', 30_000));
    for (let n = 0; n < 5; n += 1) {
      await guarded.list();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(warned).toEqual([
      'data source scripted: to be asked again later',
      'data source scripted: asked not to be asked for a while',
    ]);
  });
});

describe('PROVIDER_QUESTIONS_PER_MINUTE', () => {
  it('is off unless it is said, and leaves room for a list and a guild', () => {
    expect(readConfig({}).providers.limits).toMatchObject({ perMinute: 0, revalidateMs: 60_000 });
    const { limits } = readConfig({ PROVIDER_QUESTIONS_PER_MINUTE: '2', PROVIDER_REVALIDATE_SECONDS: '0' }).providers;
    expect(limits).toMatchObject({ perMinute: 2, revalidateMs: 0 });
    for (const wrong of ['1', '-1', '1.5', 'many']) {
      expect(() => readConfig({ PROVIDER_QUESTIONS_PER_MINUTE: wrong })).toThrow('PROVIDER_QUESTIONS_PER_MINUTE');
    }
  });
});

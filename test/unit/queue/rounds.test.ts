import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rounds } from '../../../src/queue/rounds.js';

describe('rounds', () => {
  const logger = new Logger('rounds');
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => undefined);
  const work = vi.fn<() => Promise<number | void>>();
  let rounds: Rounds;
  beforeEach(() => {
    vi.useFakeTimers();
    warn.mockClear();
    work.mockReset().mockResolvedValue(undefined);
    rounds = new Rounds(work, { logger, trouble: 'Nothing is swept', every: 60_000 });
  });
  afterEach(async () => {
    await rounds.stop();
    vi.useRealTimers();
  });

  it('are made at the start, and after each pause', async () => {
    rounds.start();
    rounds.start();
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(60_001);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('are made after as long as the last one says, or at once', async () => {
    work.mockResolvedValueOnce(5).mockResolvedValueOnce(0);
    rounds.start();
    await vi.advanceTimersByTimeAsync(4);
    expect(work).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('are made when rung, one at a time', async () => {
    let end = () => undefined as void;
    work.mockReturnValueOnce(new Promise((resolve) => (end = resolve)));
    rounds.start();
    rounds.ring();
    rounds.ring();
    await vi.advanceTimersByTimeAsync(200_000);
    expect(work).toHaveBeenCalledTimes(1);
    end();
    await vi.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledTimes(2);
    rounds.ring();
    await vi.advanceTimersByTimeAsync(0);
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('are repeated soon after a failure, ever more slowly, which is logged once', async () => {
    work.mockRejectedValue(new Error('away'));
    rounds.start();
    const counts: number[] = [];
    for (const pause of [499, 1, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
      await vi.advanceTimersByTimeAsync(pause);
      counts.push(work.mock.calls.length);
    }
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(warn.mock.calls).toEqual([['Nothing is swept, trying on: Error: away']]);
    work.mockResolvedValueOnce(1);
    await vi.advanceTimersByTimeAsync(10_001);
    expect(work).toHaveBeenCalledTimes(10);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('are not repeated more often after a failure than otherwise', async () => {
    const often = new Rounds(work, { logger, trouble: 'Nothing is swept', every: 100 });
    work.mockRejectedValue(new Error('away'));
    often.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(work).toHaveBeenCalledTimes(11);
    await often.stop();
  });

  it('end with the round that is under way', async () => {
    let end = () => undefined as void;
    work.mockReturnValueOnce(new Promise((resolve) => (end = resolve)));
    rounds.start();
    expect(rounds.ending).toBe(false);
    const stopped = vi.fn();
    const stopping = rounds.stop().then(stopped);
    expect(rounds.ending).toBe(true);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(stopped).not.toHaveBeenCalled();
    end();
    await stopping;
    await vi.advanceTimersByTimeAsync(100_000);
    expect(work).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('end at once while nothing is done, or was ever started', async () => {
    await new Rounds(work, { logger, trouble: '', every: 1 }).stop();
    rounds.start();
    await vi.advanceTimersByTimeAsync(1);
    await rounds.stop();
    expect(vi.getTimerCount()).toBe(0);
    expect(work).toHaveBeenCalledTimes(1);
  });
});

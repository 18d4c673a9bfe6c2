import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LastKnown } from '../../../src/guilds/last-known.js';

/** A table that answers when it is told to, with what it held when it was asked. */
class Table {
  value = 'first';
  questions: { answer: () => void; fail: () => void }[] = [];

  ask = (): Promise<string> => {
    const { value } = this;
    return new Promise((resolve, reject) => {
      this.questions.push({ answer: () => resolve(value), fail: () => reject(new Error('away')) });
    });
  };
}

describe('what was last known', () => {
  let table: Table;
  let known: LastKnown<string>;
  let words: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    table = new Table();
    words = [];
    const logger = new Logger('test');
    for (const level of ['warn', 'log'] as const) {
      vi.spyOn(logger, level).mockImplementation((message: unknown) => void words.push(String(message)));
    }
    known = new LastKnown('rows', 'nothing', table.ask, logger);
  });
  afterEach(() => vi.useRealTimers());

  const answer = async (which: number): Promise<void> => {
    table.questions[which]?.answer();
    await vi.advanceTimersByTimeAsync(0);
  };

  it('is read again by whoever asks first once it is old, and by all who ask meanwhile together', async () => {
    const first = known.refresh();
    await answer(0);
    await first;
    expect(known.value).toBe('first');
    await known.refresh();
    expect(table.questions).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3_000);
    table.value = 'second';
    const both = [known.refresh(), known.refresh()];
    expect(table.questions).toHaveLength(2);
    await answer(1);
    await Promise.all(both);
    expect(known.value).toBe('second');
  });

  it('is not put back by a read that began before a change', async () => {
    const reading = known.refresh();
    known.outdate();
    await answer(0);
    await reading;
    expect(known.value).toBe('nothing');
    table.value = 'second';
    const again = known.refresh();
    await answer(1);
    await again;
    expect(known.value).toBe('second');
  });

  it('is not put back by a read that is overtaken by another', async () => {
    const slow = known.refresh();
    table.value = 'second';
    const fast = known.renew();
    await answer(1);
    await fast;
    expect(known.value).toBe('second');
    await answer(0);
    await slow;
    expect(known.value).toBe('second');
  });

  it('is good enough while the database is slow or away, which is said once', async () => {
    const first = known.refresh();
    await answer(0);
    await first;
    for (const round of [1, 2]) {
      await vi.advanceTimersByTimeAsync(3_000);
      const waiting = known.refresh();
      await vi.advanceTimersByTimeAsync(1_000);
      await waiting;
      table.questions[round]?.fail();
      await vi.advanceTimersByTimeAsync(0);
      expect(known.value).toBe('first');
    }
    expect(words).toEqual(['The rows cannot be read: what was last known stays in force']);
    await vi.advanceTimersByTimeAsync(3_000);
    const last = known.refresh();
    await answer(3);
    await last;
    expect(words.at(-1)).toBe('The rows can be read again');
  });

  it('fails for those who cannot do without', async () => {
    const reading = known.read();
    table.questions[0]?.fail();
    await expect(reading).rejects.toThrow('away');
  });
});

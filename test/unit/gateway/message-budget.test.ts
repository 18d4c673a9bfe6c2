import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MessageBudget } from '../../../src/gateway/message-budget.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

/** How many are allowed in a row. */
function allowed(budget: MessageBudget, kind: 'messages' | 'joins', tries = 1_000): number {
  let count = 0;
  for (let n = 0; n < tries; n += 1) if (budget.take(kind) === undefined) count += 1;
  return count;
}

describe('what one connection may ask for', () => {
  it("is ten seconds' worth at once, counted apart for messages and joins", () => {
    const budget = new MessageBudget({ messages: 20, joins: 10 });
    expect(allowed(budget, 'messages')).toBe(200);
    expect(allowed(budget, 'joins')).toBe(100);
  });

  it('comes back with time, at its rate and up to the same bound', () => {
    const budget = new MessageBudget({ messages: 20, joins: 2 });
    allowed(budget, 'messages');
    allowed(budget, 'joins');
    vi.advanceTimersByTime(500);
    expect([allowed(budget, 'messages'), allowed(budget, 'joins')]).toEqual([10, 1]);
    vi.advanceTimersByTime(1_500);
    expect([allowed(budget, 'messages'), allowed(budget, 'joins')]).toEqual([30, 3]);
    vi.advanceTimersByTime(3_600_000);
    expect([allowed(budget, 'messages'), allowed(budget, 'joins')]).toEqual([200, 20]);
  });

  it('is one at least, however slow the rate, and the time to the next is told in whole seconds', () => {
    const budget = new MessageBudget({ messages: 0.05, joins: 1 });
    expect(budget.take('messages')).toBeUndefined();
    expect(budget.take('messages')).toBe(20);
    vi.advanceTimersByTime(5_000);
    expect(budget.take('messages')).toBe(15);
    vi.advanceTimersByTime(14_999);
    expect(budget.take('messages')).toBe(1);
    vi.advanceTimersByTime(1);
    expect(budget.take('messages')).toBeUndefined();
  });

  it('lets a client in that waits as long as it is told', () => {
    for (const rate of [0.3, 3, 300]) {
      const budget = new MessageBudget({ messages: rate, joins: 1 });
      for (let round = 0; round < 50; round += 1) {
        const wait = budget.take('messages');
        if (wait === undefined) continue;
        vi.advanceTimersByTime(wait * 1000);
        expect(budget.take('messages'), `rate ${rate}, told to wait ${wait} s`).toBeUndefined();
      }
    }
  });
});

describe('a client that goes on regardless', () => {
  it('is told a hundred times, and then it is a flood', () => {
    const budget = new MessageBudget({ messages: 1, joins: 1 });
    allowed(budget, 'messages', 10 + 100);
    expect(budget.flooded).toBe(false);
    budget.take('messages');
    expect(budget.flooded).toBe(true);
  });

  it('is no flood when what it asks is allowed in between', () => {
    const budget = new MessageBudget({ messages: 1, joins: 1 });
    for (let round = 0; round < 5; round += 1) {
      allowed(budget, 'messages', 10 + 100);
      vi.advanceTimersByTime(10_000);
    }
    expect(budget.flooded).toBe(false);
  });

  it('is a flood by refused joins as well', () => {
    const budget = new MessageBudget({ messages: 1_000, joins: 1 });
    allowed(budget, 'joins', 10 + 101);
    expect(budget.flooded).toBe(true);
  });
});

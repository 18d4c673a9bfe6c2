import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { InvalidRequestBudget } from '../../../src/discord/invalid-request-budget.js';

describe('InvalidRequestBudget', () => {
  it('pauses from the last refusal that may be risked until the oldest is ten minutes old', () => {
    let now = 1_000;
    const budget = new InvalidRequestBudget(3, () => now);
    for (const at of [1_000, 2_000]) {
      now = at;
      budget.countRefusal();
      expect(budget.pause).toBe(0);
    }
    now = 5_000;
    budget.countRefusal();
    expect(budget.pause).toBe(596_000);
    now = 600_999;
    expect(budget.pause).toBe(1);
    now = 601_000;
    expect(budget.pause).toBe(0);
  });

  it('says how many there were in the last ten minutes, and until when nothing is sent', () => {
    let now = 0;
    const budget = new InvalidRequestBudget(2, () => now);
    budget.countRefusal();
    expect(budget.refusals).toBe(1);
    expect(budget.sentence).toBeUndefined();
    now = 100_000;
    for (let i = 0; i < 3; i += 1) budget.countRefusal();
    expect(budget.refusals).toBe(2);
    now = 200_500;
    expect(budget.sentence).toBe(
      'Discord refused 2 requests within ten minutes; so that it does not bar this address, sending pauses for 500 s.',
    );
    now = 700_000;
    expect(budget.refusals).toBe(0);
    expect(budget.sentence).toBeUndefined();
  });

  it('is said once a minute in the log, however many are refused', () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    try {
      let now = 0;
      const budget = new InvalidRequestBudget(1, () => now);
      for (now = 0; now < 60_000; now += 20_000) budget.countRefusal();
      expect(warn.mock.calls).toEqual([[expect.stringMatching(/sending pauses for 600 s\. It goes on by itself\.$/)]]);
      budget.countRefusal();
      expect(warn).toHaveBeenCalledTimes(2);
    } finally {
      warn.mockRestore();
    }
  });

  it('lets go as many again as were forgotten', () => {
    let now = 0;
    const budget = new InvalidRequestBudget(2, () => now);
    budget.countRefusal();
    now = 300_000;
    budget.countRefusal();
    now = 600_000;
    expect(budget.pause).toBe(0);
    budget.countRefusal();
    expect(budget.pause).toBe(300_000);
  });
});

import { describe, expect, it } from 'vitest';
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

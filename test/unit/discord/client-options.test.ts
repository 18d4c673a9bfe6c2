import { type RateLimitData } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { restOptions } from '../../../src/discord/client-options.js';
import { InvalidRequestBudget } from '../../../src/discord/invalid-request-budget.js';

function rejects(route: string, retryAfter: number, budget = new InvalidRequestBudget(10)): unknown {
  const { rejectOnRateLimit } = restOptions('https://discord.test/api', budget);
  if (typeof rejectOnRateLimit !== 'function') throw new Error('no rule for rate limits');
  return rejectOnRateLimit({ route, retryAfter } as RateLimitData);
}

describe('waits for rate limits', () => {
  it.each([
    ['/channels/:id/messages', 1_999, false],
    ['/channels/:id/messages', 2_001, true],
    ['/guilds/:id', 2_001, true],
    ['/guilds/:id/members/:id', 2_001, true],
    ['/guilds/:id/members', 10_050, false],
    ['/guilds/12345/members', 10_050, false],
    ['/guilds/:id/members', 15_001, true],
    // A 429 that names no pause.
    ['/guilds/:id/members', 0, true],
    ['/channels/:id/messages', 0, true],
  ])('of %s, %d ms: told to the caller: %s', (route, retryAfter, told) => {
    expect(rejects(route, retryAfter)).toBe(told);
  });

  it('are over once no more refusals may be risked', () => {
    const budget = new InvalidRequestBudget(1);
    expect(rejects('/guilds/:id', 1, budget)).toBe(false);
    budget.countRefusal();
    expect(rejects('/guilds/:id', 1, budget)).toBe(true);
  });
});

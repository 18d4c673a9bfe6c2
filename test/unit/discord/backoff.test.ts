import { describe, expect, it } from 'vitest';
import { backoff } from '../../../src/discord/backoff.js';

describe('backoff', () => {
  it('doubles up to its bound', () => {
    const longest = [0, 1, 2, 6, 100].map((attempt) => backoff(attempt, { random: () => 1 }));
    expect(longest).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
  });

  it('leaves half of it to chance', () => {
    expect(backoff(3, { random: () => 0 })).toBe(4_000);
  });
});

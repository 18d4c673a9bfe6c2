import { afterEach, expect, it, vi } from 'vitest';
import { waitBefore } from '../../../src/client/backoff.js';

const backoff = { baseMs: 100, capMs: 1_000 };

afterEach(() => vi.restoreAllMocks());

it.each([
  [0, 100],
  [1, 200],
  [3, 800],
  [4, 1_000],
  [5_000, 1_000],
])('after %i failures spreads the wait over everything up to %i ms', (failures, longest) => {
  const random = vi.spyOn(Math, 'random');
  for (const share of [0, 0.25, 0.999]) {
    random.mockReturnValue(share);
    expect(waitBefore(failures, backoff)).toBe(share * longest);
  }
});

it('waits as long as the server says, and spreads what comes after', () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  expect(waitBefore(1, backoff, 7)).toBe(7_100);
});

it.each([2_147_484, 1e300, Infinity])(
  'makes no timer that would fire at once of a wait of %d seconds',
  (retryAfter) => {
    expect(waitBefore(0, backoff, retryAfter)).toBe(2 ** 31 - 1);
  },
);

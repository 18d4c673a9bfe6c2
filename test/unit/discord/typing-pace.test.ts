import { describe, expect, it } from 'vitest';
import { TypingPace } from '../../../src/discord/typing-pace.js';

describe('who writes', () => {
  it('may be told of once in eight seconds, for each member and channel', () => {
    const pace = new TypingPace();
    const told = (...asked: [user: string, channel: string, at: number][]) => asked.map((one) => pace.mayTell(...one));
    expect(told(['ada', 'x', 0], ['ada', 'x', 1], ['ada', 'y', 1], ['bob', 'x', 1])).toEqual([true, false, true, true]);
    expect(told(['ada', 'x', 7_999], ['ada', 'x', 8_000], ['ada', 'x', 15_999])).toEqual([false, true, false]);
    // What was held back does not prolong the pause.
    expect(told(['ada', 'x', 16_000])).toEqual([true]);
  });

  it('is remembered within bounds', () => {
    const pace = new TypingPace();
    for (let n = 0; n <= 10_000; n += 1) expect(pace.mayTell(String(n), 'x', 0)).toBe(true);
    expect(pace.mayTell('0', 'x', 1)).toBe(true);
    expect(pace.mayTell('9999', 'x', 1)).toBe(false);
  });
});

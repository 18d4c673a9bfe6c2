import { describe, expect, it } from 'vitest';
import { CommandPace } from '../../../../src/discord/commands/command-pace.js';

describe('CommandPace', () => {
  it('allows five in ten seconds, and one more when the first is that old', () => {
    let now = 1_000;
    const pace = new CommandPace(() => now);
    for (let n = 0; n < 5; n += 1) {
      expect(pace.take('ada')).toBe(0);
      now += 1_000;
    }
    expect(pace.take('ada')).toBe(5);
    now += 4_500;
    expect(pace.take('ada')).toBe(1);
    now += 500;
    expect(pace.take('ada')).toBe(0);
    // What was refused did not count.
    expect(pace.take('ada')).toBe(1);
  });

  it('counts each user alone', () => {
    const pace = new CommandPace(() => 0);
    for (let n = 0; n < 6; n += 1) pace.take('ada');
    expect(pace.take('ada')).toBeGreaterThan(0);
    expect(pace.take('bob')).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { Backlog } from '../../../src/gateway/backlog.js';

describe('what waits for a reader', () => {
  it('may be live frames up to the bound', () => {
    const backlog = new Backlog(1_000);
    expect(backlog.tooMuch(1_000)).toBe(false);
    expect(backlog.tooMuch(1_001)).toBe(true);
  });

  it('may be a large answer on top of that, until it is read', () => {
    const backlog = new Backlog(1_000);
    expect(backlog.takesAnswer(0, 5_000)).toBe(true);
    expect(backlog.tooMuch(5_900)).toBe(false);
    expect(backlog.tooMuch(6_001)).toBe(true);
    // Read: from here on it is a reader like any other.
    expect(backlog.tooMuch(900)).toBe(false);
    expect(backlog.tooMuch(1_001)).toBe(true);
  });

  it('is bounded for those who ask again and again, and read nothing', () => {
    const backlog = new Backlog(1_000);
    let waiting = 0;
    while (backlog.takesAnswer(waiting, 3_000)) waiting += 3_000;
    expect(waiting).toBeGreaterThan(3_000);
    expect(waiting).toBeLessThanOrEqual(11_000);
  });
});

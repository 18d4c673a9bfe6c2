import { describe, expect, it } from 'vitest';
import { readRetryAfter } from '../../../src/outgoing/retry-after.js';

const now = Date.parse('2026-01-01T00:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['7', 7_000],
    [' 120 ', 120_000],
    ['99999999999999', 3_600_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thursday, 01-Jan-26 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['Fri, 01 Jan 2027 00:00:00 GMT', 3_600_000],
  ])('%j is %d ms', (text, expected) => {
    expect(readRetryAfter(text, now)).toBe(expected);
  });

  it.each([undefined, '', 'soon', '-5', '1.5', '5 s', '2026-01-01', 'Thu, 99 Foo 2026'])('%j is nothing', (text) => {
    expect(readRetryAfter(text, now)).toBeUndefined();
  });
});

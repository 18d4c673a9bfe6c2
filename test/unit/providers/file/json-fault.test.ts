import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFaultAt } from '../../../../src/providers/file/json-fault.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('where JSON stops being JSON', () => {
  it.each([
    ['', 0],
    ['{', 1],
    ['[1,2', 4],
    ['{"a"', 4],
    ['{"a":1} x', 8],
    ['[1,2,]', 5],
    ['{"a":1,}', 7],
    ['{,}', 1],
    ["{'a':1}", 1],
    ['{"a" 1}', 5],
    ['[1 2]', 3],
    ['{"a":nope}', 5],
    ['[NaN]', 1],
    ['[01]', 2],
    ['["a\nb"]', 3],
    [String.raw`["\x"]`, 2],
    ['["abc', 5],
    ['[}', 1],
    ['{"a":[}', 6],
    ['// x', 0],
  ])('%j at %d', (text, at) => {
    expect(jsonFaultAt(text)).toBe(at);
  });

  it('finds a fault exactly where JSON.parse finds one', () => {
    const broken = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', '{', '}', '[', ']', ',', ':', '\\', '1', '-', 'e', ' ', '\n', 'true'),
      )
      .map(([text, seed, put]) => {
        const at = seed % (text.length + 1);
        return text.slice(0, at) + put + text.slice(at + (seed % 3));
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), broken), (text) => {
        expect(jsonFaultAt(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('reads deep and long texts', () => {
    expect(jsonFaultAt('['.repeat(100_000))).toBe(100_000);
    expect(jsonFaultAt(`["${'x'.repeat(1_000_000)}"`)).toBe(1_000_003);
  });
});

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeReasons, comesBack } from '../../src/domain/closing.js';

const text = readFileSync(path.join(import.meta.dirname, '../../docs/closing.md'), 'utf8');
const reasons = Object.entries(closeReasons);

/** The first two cells and the advice of every line whose code is not one of the WebSocket protocol. */
const rows = text
  .split('\n')
  .filter((line) => /^\| 3\d{3} /.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, code, reason, , advice]) => [code, reason, advice]);

describe('docs/closing.md', () => {
  it('has a line for every reason, with its code and whether a client comes back, and no other', () => {
    const expected = reasons.map(([reason, { code }]) => [
      String(code),
      `\`${reason}\``,
      comesBack(code) ? 'yes' : 'no',
    ]);
    expect(rows).toEqual(expected);
  });

  it('names no code of ours that there is not', () => {
    const bounds = [3000, 3499, 3500, 3999];
    const known = new Set([...bounds, ...reasons.map(([, { code }]) => code)]);
    const named = [...text.matchAll(/\b3\d{3}\b/g)].map(([code]) => Number(code));
    expect(named.length).toBeGreaterThan(reasons.length);
    expect(named.filter((code) => !known.has(code))).toEqual([]);
    expect(bounds.map((code) => comesBack(code))).toEqual([true, true, false, false]);
  });
});

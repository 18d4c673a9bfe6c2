import { describe, expect, it } from 'vitest';
import { formatCursor, parseCursor } from '../../../src/domain/cursor.js';

describe('cursors', () => {
  it.each([
    { epoch: 'a', offset: 0 },
    { epoch: 'Az0_-9', offset: 1 },
    { epoch: 'x'.repeat(64), offset: 999_999_999_999_999 },
  ])('reads what it wrote: %j', (position) => {
    expect(parseCursor(formatCursor(position))).toEqual(position);
  });

  it.each([
    '',
    ':',
    'a',
    'a:',
    ':1',
    'a:-1',
    'a:+1',
    'a:1.5',
    'a:01',
    'a:1e3',
    'a:0x1',
    'a: 1',
    ' a:1',
    'a:1 ',
    'a:1\n',
    'a:b:1',
    'a:9999999999999999',
    `${'x'.repeat(65)}:1`,
    'ä:1',
    'a:١',
    '__proto__',
    undefined,
    null,
    5,
    {},
    ['a:1'],
    true,
  ])('knows that %j is none of ours', (text) => {
    expect(parseCursor(text)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { ShownMessages } from '../../../src/discord/shown-messages.js';

describe('messages that were told of', () => {
  it('are known until they are forgotten', () => {
    const shown = new ShownMessages();
    shown.add({ id: '1', editedTimestamp: null });
    expect([shown.has('1'), shown.has('2')]).toEqual([true, false]);
    expect([shown.forget('1'), shown.forget('1'), shown.has('1')]).toEqual([true, false, false]);
  });

  it('are newer only with a later edit', () => {
    const shown = new ShownMessages();
    expect(shown.isNewer({ id: '1', editedTimestamp: null })).toBe(false);
    expect(shown.isNewer({ id: '1', editedTimestamp: 5 })).toBe(true);
    shown.add({ id: '1', editedTimestamp: 5 });
    expect([4, 5, 6].map((editedTimestamp) => shown.isNewer({ id: '1', editedTimestamp }))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('are forgotten when there are too many, the longest untouched first', () => {
    const shown = new ShownMessages();
    for (let id = 0; id <= 20_000; id += 1) shown.add({ id: String(id), editedTimestamp: null });
    expect([shown.has('0'), shown.has('1'), shown.has('20000')]).toEqual([false, true, true]);
  });
});

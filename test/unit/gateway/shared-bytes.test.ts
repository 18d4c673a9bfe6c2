import { inflateRawSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { SharedBytes, sharedBytesOf } from '../../../src/gateway/shared-bytes.js';

const texts: [string, string][] = [
  ['nothing', ''],
  ['one letter', 'x'],
  ['letters of many scripts', 'Zoë — Юлия 未来 🦊'.repeat(500)],
  ['more than a window of deflate', Array.from({ length: 20_000 }, (_, n) => `member ${n * 7919}`).join()],
];

/** A last, empty block with stored data: what ends a deflate stream. */
const end = Buffer.from([0x01, 0x00, 0x00, 0xff, 0xff]);

describe('text that many clients get', () => {
  it.each(texts)('is its UTF-8: %s', (_name, text) => {
    expect(new SharedBytes(text).plain.equals(Buffer.from(text, 'utf8'))).toBe(true);
  });

  it.each(texts)('is whole deflate blocks, none of them the last, so that others may follow: %s', (_name, text) => {
    const { deflated } = new SharedBytes(text);
    // The end of a flush: the stream stands on a byte, and nothing of the text is held back.
    expect(deflated.subarray(-4)).toEqual(Buffer.from([0x00, 0x00, 0xff, 0xff]));
    expect(inflateRawSync(Buffer.concat([deflated, deflated, end])).toString()).toBe(text + text);
  });

  it('becomes smaller when it is worth it', () => {
    const shared = new SharedBytes('the same again and again. '.repeat(4_000));
    expect(shared.deflated.length).toBeLessThan(shared.plain.length / 10);
  });

  it('is deflated once, and not before somebody asks', () => {
    const shared = new SharedBytes('text');
    expect(shared).toHaveProperty('packed', undefined);
    expect(shared.deflated).toBe(shared.deflated);
  });
});

describe('the bytes of a value', () => {
  it('are made once for each value that there is, not for equal ones', () => {
    const encode = vi.fn((value: readonly number[]) => JSON.stringify(value));
    const bytesOf = sharedBytesOf(encode);
    const [one, other] = [
      [1, 2],
      [1, 2],
    ];
    expect(bytesOf(one)).toBe(bytesOf(one));
    expect(encode).toHaveBeenCalledTimes(1);
    expect(bytesOf(other)).not.toBe(bytesOf(one));
    expect(bytesOf(other).plain.toString()).toBe('[1,2]');
  });
});

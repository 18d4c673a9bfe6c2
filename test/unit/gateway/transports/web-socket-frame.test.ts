import { PassThrough } from 'node:stream';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { SharedBytes } from '../../../../src/gateway/shared-bytes.js';
import { framePieces, webSocketFrame, writePieces } from '../../../../src/gateway/transports/web-socket-frame.js';
import { type RawFrame, readFrames } from '../../../support/raw-frames.js';

/** Around the places where the head of a frame grows, and where a stored block of deflate is full. */
const lengths = [0, 1, 125, 126, 65_534, 65_535, 65_536, 65_537, 131_070, 131_071, 200_000];

function only(bytes: Buffer): RawFrame {
  const { frames, rest } = readFrames(bytes);
  expect(rest).toHaveLength(0);
  expect(frames).toHaveLength(1);
  return frames[0]!;
}

/** What a client of permessage-deflate reads: RFC 7692, section 7.2.2. */
function inflated(payload: Buffer): string {
  const tail = Buffer.from([0x00, 0x00, 0xff, 0xff]);
  // Without an end: a reader of this stream has all of it, but the stream could go on.
  return inflateRawSync(Buffer.concat([payload, tail]), { finishFlush: 2 }).toString();
}

/** Text of so many bytes that no two places of are alike. */
function textOf(bytes: number): string {
  let text = '';
  for (let n = 0; text.length < bytes; n += 1) text += `${n.toString(36)},`;
  return text.slice(0, bytes);
}

describe('a frame of text', () => {
  it.each(lengths)('of %i bytes is whole, final, unmasked and plain', (length) => {
    const text = textOf(length);
    const { payload, ...head } = only(webSocketFrame(text));
    expect(head).toEqual({ first: 0x81, masked: false });
    expect(payload.equals(Buffer.from(text))).toBe(true);
  });

  it('counts bytes, not letters', () => {
    const text = 'ünïcødé 🦊'.repeat(30);
    expect(only(webSocketFrame(text)).payload.toString()).toBe(text);
  });
});

describe('a frame around bytes that others get too', () => {
  const shared = new SharedBytes(JSON.stringify(Array.from({ length: 3_000 }, (_, n) => `Zoë № ${n} 🦊`)));

  it.each(lengths)('is plain text with %i bytes on either side', (length) => {
    const around = textOf(length);
    const frame = only(Buffer.concat(framePieces(around, shared, around, false)));
    expect(frame.first).toBe(0x81);
    expect(frame.payload.toString() === around + shared.plain.toString() + around).toBe(true);
  });

  it.each(lengths)('is one deflated message with %i bytes on either side', (length) => {
    const around = textOf(length);
    const frame = only(Buffer.concat(framePieces(around, shared, around, true)));
    // RSV1 says that it is deflated.
    expect(frame.first).toBe(0xc1);
    expect(inflated(frame.payload) === around + shared.plain.toString() + around).toBe(true);
    // Stored blocks cost five bytes for each 65 535, and nothing else is added to what everybody gets.
    const blocks = Math.ceil(length / 65_535);
    expect(frame.payload.length).toBe(shared.deflated.length + 2 * (length + 5 * blocks) + 1);
  });

  it('has letters that fall on the bound of a block whole', () => {
    const around = `${'x'.repeat(65_534)}🦊${'y'.repeat(65_533)}ë`;
    const frame = only(Buffer.concat(framePieces(around, shared, 'end', true)));
    expect(inflated(frame.payload) === `${around}${shared.plain.toString()}end`).toBe(true);
  });

  it('may hold nothing shared', () => {
    const nothing = new SharedBytes('');
    expect(only(Buffer.concat(framePieces('', nothing, '', false))).payload).toHaveLength(0);
    expect(inflated(only(Buffer.concat(framePieces('a', nothing, 'b', true))).payload)).toBe('ab');
  });

  it('does not copy what is shared', () => {
    expect(framePieces('a', shared, 'b', false)).toContain(shared.plain);
    expect(framePieces('a', shared, 'b', true)).toContain(shared.deflated);
  });
});

describe('pieces', () => {
  it('go out in their order and as one write', () => {
    const socket = new PassThrough();
    const corked: number[] = [];
    const write = vi.spyOn(socket, 'write').mockImplementation(() => corked.push(socket.writableCorked) > 0);
    writePieces(socket, [Buffer.from('a'), Buffer.from('b'), Buffer.from('c')]);
    expect(write.mock.calls.map(([piece]) => String(piece))).toEqual(['a', 'b', 'c']);
    expect(corked).toEqual([1, 1, 1]);
    expect(socket.writableCorked).toBe(0);
  });
});

import { randomBytes } from 'node:crypto';

/** A WebSocket frame as it came, read without any library (RFC 6455, section 5.2). */
export interface RawFrame {
  /** FIN, the reserved bits and the opcode. */
  first: number;
  masked: boolean;
  payload: Buffer;
}

/** All whole unmasked frames at the beginning of some bytes, and what is left. */
export function readFrames(bytes: Buffer): { frames: RawFrame[]; rest: Buffer } {
  const frames: RawFrame[] = [];
  let at = 0;
  for (;;) {
    const frame = readFrame(bytes.subarray(at));
    if (!frame) return { frames, rest: bytes.subarray(at) };
    frames.push(frame.frame);
    at += frame.length;
  }
}

function readFrame(bytes: Buffer): { frame: RawFrame; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const head = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < head) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < head + length) return undefined;
  const masked = (bytes[1]! & 0x80) !== 0;
  return { frame: { first: bytes[0]!, masked, payload: bytes.subarray(head, head + length) }, length: head + length };
}

export const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** A frame as a client sends it, masked. `final`: the last of its message. */
export function clientFrame(
  opcode: number,
  content: string | Buffer,
  { final = true, reserved = 0 }: { final?: boolean; reserved?: number } = {},
): Buffer {
  const payload = Buffer.from(content);
  const mask = randomBytes(4);
  const head =
    payload.length < 126
      ? Buffer.of(0, payload.length)
      : payload.length < 65_536
        ? Buffer.of(0, 126, payload.length >> 8, payload.length & 0xff)
        : Buffer.concat([Buffer.of(0, 127), longLength(payload.length)]);
  head[0] = (final ? 0x80 : 0) | reserved | opcode;
  head[1]! |= 0x80;
  for (let n = 0; n < payload.length; n += 1) payload[n]! ^= mask[n % 4]!;
  return Buffer.concat([head, mask, payload]);
}

function longLength(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

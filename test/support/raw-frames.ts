
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

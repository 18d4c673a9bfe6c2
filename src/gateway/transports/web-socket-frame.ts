import { type Duplex } from 'node:stream';
import { type SharedBytes } from '../shared-bytes.js';

/** FIN and the opcode for text (RFC 6455, section 5.2). */
const finalText = 0x81;
/** RSV1: the payload is deflated (RFC 7692, section 6). */
const compressed = 0x40;

function headLength(payload: number): number {
  return payload < 126 ? 2 : payload < 65_536 ? 4 : 10;
}

/** Writes the head of an unmasked frame, as servers send it. */
function writeHead(into: Buffer, payload: number, firstByte: number): void {
  into[0] = firstByte;
  if (payload < 126) into[1] = payload;
  else if (payload < 65_536) {
    into[1] = 126;
    into.writeUInt16BE(payload, 2);
  } else {
    into[1] = 127;
    into.writeBigUInt64BE(BigInt(payload), 2);
  }
}

/** A whole unmasked text frame. */
export function webSocketFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = headLength(length);
  const frame = Buffer.allocUnsafeSlow(head + length);
  writeHead(frame, length, finalText);
  frame.write(text, head);
  return frame;
}

/**
 * One text frame around bytes that others get too, in pieces that are written one after the other. `deflated` is for
 * clients that negotiated permessage-deflate: the shared bytes then are ready deflate blocks, and what stands around
 * them goes into blocks that store it as it is.
 */
export function framePieces(before: string, shared: SharedBytes, after: string, deflated: boolean): Buffer[] {
  const pieces = deflated
    ? // The sender leaves out the end of a last, empty block, and the receiver puts it back (RFC 7692, section 7.2.1).
      [storedBlocks(before), shared.deflated, storedBlocks(after), Buffer.of(0)]
    : [Buffer.from(before), shared.plain, Buffer.from(after)];
  const length = pieces.reduce((sum, { length: bytes }) => sum + bytes, 0);
  const head = Buffer.allocUnsafe(headLength(length));
  writeHead(head, length, deflated ? finalText | compressed : finalText);
  const [first = Buffer.alloc(0), ...rest] = pieces;
  return [Buffer.concat([head, first]), ...rest];
}

const longestBlock = 65_535;

/** Text as deflate blocks without compression (RFC 1951, section 3.2.4), none of them the last. */
function storedBlocks(text: string): Buffer {
  const bytes = Buffer.from(text);
  const blocks: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += longestBlock) {
    const part = bytes.subarray(from, from + longestBlock);
    const head = Buffer.alloc(5);
    head.writeUInt16LE(part.length, 1);
    head.writeUInt16LE(part.length ^ 0xffff, 3);
    blocks.push(head, part);
  }
  return Buffer.concat(blocks);
}

/** In one call of the kernel. */
export function writePieces(socket: Duplex, pieces: readonly Buffer[]): void {
  socket.cork();
  for (const piece of pieces) socket.write(piece);
  socket.uncork();
}

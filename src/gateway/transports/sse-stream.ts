import { type Response } from 'express';
import { type Backlog } from '../backlog.js';
import { type Frame, type LaneMember } from './room-lane.js';

const lineEnd = Buffer.from('\r\n');

/** A piece of a chunked HTTP/1.1 body, head and tail included (RFC 9112, section 7.1). */
export function httpChunk(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, lineEnd]);
}

/** One response that is an event stream, as a member of a room. */
export class SseStream implements LaneMember {
  constructor(
    readonly response: Response,
    private readonly backlog: Backlog,
    /** Hears that the client reads too slowly and is cut off. */
    private readonly cut: () => void,
  ) {}

  /** Ready chunks go straight to the socket; a client of HTTP/1.0, which knows no chunks, gets the text. */
  write(joined: Buffer, frames: readonly Frame[]): void {
    const { response } = this;
    if (response.writableEnded || response.destroyed) return;
    if (this.backlog.tooMuch(response.writableLength)) {
      this.cut();
      response.destroy();
      return;
    }
    if (response.chunkedEncoding && response.socket) response.socket.write(joined);
    else response.write(frames.map(({ text }) => text).join(''));
  }
}

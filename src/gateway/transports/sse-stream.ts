import { type Socket } from 'node:net';
import { type Response } from 'express';
import { type Closing, closingFor } from '../../domain/closing.js';
import { type Backlog } from '../backlog.js';
import { closingTime, type Connection } from '../connections.js';
import { type SharedBytes } from '../shared-bytes.js';
import { cutOnceUnread, cutSocket } from './cut-socket.js';
import { type Frame, type LaneMember, type RoomLane } from './room-lane.js';
import { writePieces } from './web-socket-frame.js';

const lineEnd = Buffer.from('\r\n');

/** A piece of a chunked HTTP/1.1 body, head and tail included (RFC 9112, section 7.1). */
export function httpChunk(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, lineEnd]);
}

/** One block of the event stream format (WHATWG HTML, section 9.2). The data is one line, since JSON has no raw line ends. */
export function block(event: string, data: unknown, id?: string): string {
  return `${blockHead(event, id)}${JSON.stringify(data)}\n\n`;
}

export function blockHead(event: string, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: `;
}

/** What a stream begins with: text, and in the middle what others get too. */
export interface FirstBlock {
  before: string;
  shared?: SharedBytes;
  after: string;
}

/** One response that is an event stream, as a member of a room. */
export class SseStream implements LaneMember, Connection {
  readonly transport = 'sse';
  /**
   * Where ready chunks go. Set once the head is out, and never for a client of HTTP/1.0, which knows no chunks. Kept
   * apart from the response: to touch that for each event would cost a third more than the write itself.
   */
  private raw: Socket | undefined;
  /** The way of the room's events; set while in a room. */
  lane: RoomLane<SseStream> | undefined;
  private ended = false;

  constructor(
    readonly response: Response,
    readonly address: string,
    private readonly backlog: Backlog,
    /** Hears that the client reads too slowly and is cut off. */
    private readonly onSlow: () => void,
  ) {}

  waiting(): number {
    return this.response.writableLength;
  }

  /** The head of the response, then its first block. */
  begin({ before, shared, after }: FirstBlock): void {
    const { response } = this;
    response.flushHeaders();
    if (response.chunkedEncoding) this.raw = response.socket ?? undefined;
    const pieces = [Buffer.from(before), ...(shared ? [shared.plain] : []), Buffer.from(after)];
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    this.backlog.takesAnswer(0, bytes);
    if (this.raw) writePieces(this.raw, [Buffer.from(`${bytes.toString(16)}\r\n`), ...pieces, lineEnd]);
    else for (const piece of pieces) response.write(piece);
  }

  write(joined: Buffer, frames: readonly Frame[]): void {
    if (this.ended) return;
    const { raw } = this;
    if (this.backlog.tooMuch(raw ? raw.writableLength : this.response.writableLength)) {
      this.lane = undefined;
      this.onSlow();
      this.close(closingFor('slow-consumer'));
      return cutOnceUnread(this.response);
    }
    if (raw) raw.write(joined);
    else this.response.write(frames.map(({ text }) => text).join(''));
  }

  close(closing: Closing): void {
    this.end(block('closing', closing), closingTime(closing.reason));
  }

  /** A reader that does not take the rest must not keep the connection for that. */
  end(last = '', patience = closingTime()): void {
    if (this.ended) return;
    this.lane?.catchUp(this);
    this.ended = true;
    const { response } = this;
    // Before its head nothing may go out: whoever is about to send that looks whether it still should.
    if (!response.headersSent) return;
    response.end(last);
    setTimeout(() => cutSocket(response), patience).unref();
  }
}

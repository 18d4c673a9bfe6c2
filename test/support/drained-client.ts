import { clientFrame, opcodes } from './raw-frames.js';
import { RawSocket, upgradeHeaders } from './raw-socket.js';

export const drainedKinds = ['websocket', 'socket.io', 'sse'] as const;
export type DrainedKind = (typeof drainedKinds)[number];

const requests = {
  websocket: ['GET /ws/guilds/docs HTTP/1.1', ...upgradeHeaders],
  'socket.io': ['GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', ...upgradeHeaders],
  sse: ['GET /api/v1/guilds/docs/events HTTP/1.1', 'Host: x', 'Accept: text/event-stream'],
};

/** What each kind is told at the end of the process, as it stands on the wire. */
const reasons = {
  websocket: '\x88\x0a\x0b\xb9shutdown',
  'socket.io': '42["closing",{"code":3001,"reason":"shutdown"',
  sse: 'event: closing\ndata: {"code":3001,"reason":"shutdown"',
};

/** A client without a library, cheap enough for thousands, that notes when it was told that the process ends. */
export class DrainedClient {
  /** By `performance.now()`. */
  toldAt: number | undefined;
  private greeted = false;

  private constructor(
    readonly kind: DrainedKind,
    private readonly raw: RawSocket,
    /** Answers a close, as a client should. */
    private readonly polite: boolean,
  ) {
    raw.socket.on('data', () => this.look());
  }

  static async open(url: string, kind: DrainedKind, polite: boolean): Promise<DrainedClient> {
    const client = new DrainedClient(kind, await RawSocket.open(url, { halfOpen: !polite }), polite);
    client.raw.request(...requests[kind]);
    return client;
  }

  /** In its room, or for socket.io in its namespace. */
  get inside(): boolean {
    const { received } = this.raw;
    if (this.kind === 'websocket') return received.includes('server-join');
    return received.includes(this.kind === 'sse' ? 'event: snapshot' : '40{"sid"');
  }

  /** The server has let go of it. */
  get ended(): boolean {
    return this.raw.ended;
  }

  /** A stream's end is told apart from a cut: its last piece is there. */
  get whole(): boolean {
    return this.kind !== 'sse' || this.raw.received.endsWith('0\r\n\r\n');
  }

  destroy(): void {
    this.raw.destroy();
  }

  private look(): void {
    const { received, socket } = this.raw;
    if (this.kind === 'socket.io' && !this.greeted && received.includes('0{"sid"')) {
      this.greeted = true;
      socket.write(clientFrame(opcodes.text, '40'));
    }
    if (this.toldAt === undefined && received.includes(reasons[this.kind])) this.toldAt = performance.now();
    if (this.polite && this.kind !== 'sse' && received.includes('\x88')) socket.end(clientFrame(opcodes.close, ''));
  }
}

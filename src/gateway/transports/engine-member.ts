import { type Socket as TcpSocket } from 'node:net';
import { type Backlog } from '../backlog.js';
import { type SharedBytes } from '../shared-bytes.js';
import { type Frame, type LaneMember, type RoomLane } from './room-lane.js';
import { framePieces, writePieces } from './web-socket-frame.js';

/** The parts of engine.io's connection that are used below socket.io. Held to by the tests of the adapter. */
export interface EngineConnection {
  readyState: string;
  upgrading: boolean;
  writeBuffer: { data?: string | Buffer }[];
  transport: {
    name: string;
    /** Milliseconds; of those who poll. */
    closeTimeout?: number;
    socket?: {
      readyState: number;
      bufferedAmount: number;
      extensions: string;
      _socket?: TcpSocket;
      _sender?: { _bufferedBytes: number; _state?: number };
    };
  };
  on(event: 'packetCreate' | 'upgrading' | 'close', listener: () => void): void;
}

/** The parts of socket.io's client that write ready packets. */
export interface EngineClient {
  conn: EngineConnection;
  writeToEngine(packet: string, options: { preEncoded: boolean }): void;
}

/** `WebSocket.OPEN` */
const open = 1;

/** Packets that may wait for one reader: each costs something, however short it is. */
const mostPackets = 16_384;

/** Of every packet alike, since one for each would cost as much as the packet. engine.io adds what it sets by default. */
const ready = { preEncoded: true };

/** Bytes in the engine's queue and in the socket. A poller has no socket: all that waits for it is in the queue. */
export function waitingFor({ writeBuffer, transport }: EngineConnection): number {
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) bytes += data?.length ?? 0;
  return bytes;
}

/** The bytes in an engine's queue, which is looked at before each write: of one that grew, only what is new is counted. */
class PacketQueue {
  private first: object | undefined;
  private packets = 0;
  private bytes = 0;

  bytesOf({ writeBuffer }: EngineConnection): number {
    // A queue is sent as a whole: then, and only then, another packet is the first.
    if (writeBuffer[0] !== this.first) {
      this.first = writeBuffer[0];
      this.packets = 0;
      this.bytes = 0;
    }
    for (; this.packets < writeBuffer.length; this.packets += 1) {
      this.bytes += writeBuffer[this.packets]?.data?.length ?? 0;
    }
    return this.bytes;
  }
}

/**
 * One socket.io socket in its rooms. Ready bytes go straight to the TCP socket where that is safe: a WebSocket that is
 * not being upgraded and has nothing waiting inside engine.io. Everybody else, such as those who poll, takes the
 * ordinary path.
 */
export class EngineMember implements LaneMember {
  readonly lanes = new Set<RoomLane<EngineMember>>();
  /** Kept until engine.io writes something itself: from then on the way has to be looked at again. */
  private direct: TcpSocket | undefined;
  private queue: PacketQueue | undefined;
  private writing = false;
  private ended = false;

  constructor(
    private readonly client: EngineClient,
    private readonly backlog: Backlog,
    /** Hears, once, that this reader is too slow; nothing more is written to it then. */
    private readonly onSlow: () => void,
  ) {
    const { conn } = client;
    conn.on('packetCreate', () => this.giveWay());
    const forget = () => (this.direct = undefined);
    conn.on('upgrading', forget);
    conn.on('close', forget);
  }

  write(joined: Buffer, frames: readonly Frame[]): void {
    if (this.ended) return;
    const direct = (this.direct ??= this.findDirect());
    if (this.isTooSlow(direct)) {
      this.ended = true;
      // It comes back for all that with its cursor, and nobody knows when a poller would ask.
      this.client.conn.writeBuffer.length = 0;
      return this.onSlow();
    }
    if (direct) return void direct.write(joined);
    this.writing = true;
    try {
      for (const { text } of frames) this.client.writeToEngine(text, ready);
    } finally {
      this.writing = false;
    }
  }

  /** Whether an answer of `bytes` may be sent now; they are allowed for if so. */
  takesAnswer(bytes: number): boolean {
    return !this.ended && this.backlog.takesAnswer(waitingFor(this.client.conn), bytes);
  }

  /** Sends a packet around bytes that others get too, in one write; answers false, and sends nothing, where that cannot be. */
  writeAround(before: string, shared: SharedBytes, after: string): boolean {
    for (const lane of this.lanes) lane.catchUp(this);
    const direct = (this.direct ??= this.findDirect());
    if (!direct) return false;
    const deflated = this.client.conn.transport.socket?.extensions.includes('permessage-deflate') ?? false;
    // In engine.io's protocol a message is a 4 and what it carries.
    writePieces(direct, framePieces(`4${before}`, shared, after, deflated));
    return true;
  }

  private isTooSlow(direct: TcpSocket | undefined): boolean {
    if (direct) return this.backlog.tooMuch(direct.writableLength);
    const { conn } = this.client;
    const queued = (this.queue ??= new PacketQueue()).bytesOf(conn);
    const written = conn.transport.socket?.bufferedAmount ?? 0;
    return conn.writeBuffer.length > mostPackets || this.backlog.tooMuch(queued + written);
  }

  /** Before engine.io sends anything of its own, what the rooms already hold goes first. */
  private giveWay(): void {
    if (this.writing) return;
    for (const lane of this.lanes) lane.catchUp(this);
    this.direct = undefined;
  }

  private findDirect(): TcpSocket | undefined {
    const { transport, upgrading, writeBuffer, readyState } = this.client.conn;
    if (transport.name !== 'websocket' || upgrading || writeBuffer.length > 0 || readyState !== 'open')
      return undefined;
    const { socket } = transport;
    if (socket?.readyState !== open || socket._sender?._bufferedBytes !== 0 || socket._sender._state) return undefined;
    return socket._socket;
  }
}

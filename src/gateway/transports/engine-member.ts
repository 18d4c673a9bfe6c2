import { type Socket as TcpSocket } from 'node:net';
import { type Frame, type LaneMember, type RoomLane } from './room-lane.js';

/** The parts of engine.io's connection that are used below socket.io. Held to by the tests of the adapter. */
export interface EngineConnection {
  readyState: string;
  upgrading: boolean;
  writeBuffer: unknown[];
  transport: {
    name: string;
    socket?: { readyState: number; _socket?: TcpSocket; _sender?: { _bufferedBytes: number; _state?: number } };
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

/**
 * One socket.io socket in its rooms. Ready bytes go straight to the TCP socket where that is safe: a WebSocket that is
 * not being upgraded and has nothing waiting inside engine.io. Everybody else, such as those who poll, takes the
 * ordinary path.
 */
export class EngineMember implements LaneMember {
  readonly lanes = new Set<RoomLane<EngineMember>>();
  /** Kept until engine.io writes something itself: from then on the way has to be looked at again. */
  private direct: TcpSocket | undefined;
  private writing = false;

  constructor(private readonly client: EngineClient) {
    const { conn } = client;
    conn.on('packetCreate', () => this.giveWay());
    const forget = () => (this.direct = undefined);
    conn.on('upgrading', forget);
    conn.on('close', forget);
  }

  write(joined: Buffer, frames: readonly Frame[]): void {
    const direct = (this.direct ??= this.findDirect());
    if (direct) return void direct.write(joined);
    this.writing = true;
    try {
      for (const { text } of frames) this.client.writeToEngine(text, { preEncoded: true });
    } finally {
      this.writing = false;
    }
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

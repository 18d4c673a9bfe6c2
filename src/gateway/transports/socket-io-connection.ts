import { type Socket as TcpSocket } from 'node:net';
import { type Socket } from 'socket.io';
import { type Closing, comesBack } from '../../domain/closing.js';
import { closingTime, type Connection } from '../connections.js';
import { type GuildRoom } from '../guild-room.js';
import { type Visit } from '../visits.js';
import { cutSocket } from './cut-socket.js';
import { type EngineConnection, waitingFor } from './engine-member.js';

/** One connection of engine.io, and the socket.io socket on it once there is one. */
export class SocketIoConnection implements Connection {
  readonly transport = 'socket.io';
  readonly rooms = new Map<string, GuildRoom>();
  /** By guild. */
  readonly visits = new Map<string, Visit>();
  /** Undefined until the client has entered the namespace. */
  socket: Socket | undefined;
  private readonly raw: TcpSocket | undefined;

  constructor(
    readonly address: string,
    private readonly engine: EngineConnection & { close(discard?: boolean): void },
  ) {
    this.raw = engine.transport.socket?._socket;
  }

  /** Whoever has not entered the namespace by now is gone, whether or not it answers its close. */
  endSilent(): void {
    if (this.socket) return;
    this.engine.close(true);
    if (this.raw) cutSocket(this.raw);
  }

  waiting(): number {
    return waitingFor(this.engine);
  }

  close(closing: Closing): void {
    if (this.socket) endSocket(this.socket, closing);
    else this.engine.close();
  }
}

/** The reason leaves before the end; a reader who does not take it must not keep the connection for that. */
export function endSocket(socket: Socket, closing: Closing): void {
  if (!socket.connected) return;
  socket.emit('closing', closing);
  endUnsaid(socket, closing);
}

/** The same for a client that has heard the reason already. */
export function endUnsaid(socket: Socket, { code, reason }: Closing): void {
  if (!socket.connected) return;
  const engine = socket.conn as unknown as EngineConnection & { close(discard?: boolean): void };
  const patience = closingTime(reason);
  // A poller that does not ask again is waited for by engine.io itself, half a minute if it is not told otherwise.
  engine.transport.closeTimeout = patience;
  // After a packet that says "disconnect" the library's own client never comes back by itself.
  if (comesBack(code)) engine.close();
  else socket.disconnect(true);
  // engine.io counts a WebSocket as closed once it has said so; a peer that never answers would be there for long.
  const raw = engine.transport.socket?._socket;
  setTimeout(() => {
    engine.close(true);
    if (raw) cutSocket(raw);
  }, patience).unref();
}

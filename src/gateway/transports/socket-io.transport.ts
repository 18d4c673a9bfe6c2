import { type IncomingMessage } from 'node:http';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type Server, type Socket } from 'socket.io';
import { type Closing, closingFor } from '../../domain/closing.js';
import { type DomainEvent } from '../../domain/events/index.js';
import { Fault } from '../../domain/fault.js';
import { ClientAdmission } from '../client-admission.js';
import { Connections } from '../connections.js';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config.js';
import { GatewayMetrics } from '../gateway.metrics.js';
import { type GuildRoom } from '../guild-room.js';
import { lettingOutOf } from '../letting-out.js';
import { RoomBroadcaster } from '../room-broadcaster.js';
import { type SharedBytes } from '../shared-bytes.js';
import { Transport } from '../transport.js';
import { type Visit } from '../visits.js';
import { cutOnceUnread } from './cut-socket.js';
import { type EngineConnection } from './engine-member.js';
import { ReadyAnswer } from './ready-answer.js';
import { type RoomAdapter } from './room.adapter.js';
import { type Frame, joinBytes } from './room-lane.js';
import { endSocket, endUnsaid, SocketIoConnection } from './socket-io-connection.js';
import { webSocketFrame } from './web-socket-frame.js';

type NewConnection = EngineConnection & {
  request: IncomingMessage;
  close(discard?: boolean): void;
  once(event: 'close', listener: () => void): void;
};

/** Milliseconds for a client that entered no namespace in time to answer its close. */
const closeGrace = 1_000;

/** Milliseconds for a connection that was refused to say who it is, so that it can be told why. */
const refusalTime = 5_000;

/** Carries rooms over socket.io: one socket.io room per guild, one encoding per event. */
@Injectable()
export class SocketIoTransport extends Transport implements OnApplicationBootstrap {
  readonly name = 'socket.io';
  private readonly known = new WeakMap<object, SocketIoConnection>();
  private readonly inRooms = new Map<string, Set<Socket>>();
  /** Connections that there is no room for. */
  private readonly refused = new WeakMap<object, Closing>();
  private server: Server | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly broadcaster: RoomBroadcaster,
    private readonly admission: ClientAdmission,
    private readonly connections: Connections,
    private readonly metrics: GatewayMetrics,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.broadcaster.attach(this);
  }

  /** Connections are counted where they are made: one may live on without ever saying what it wants. */
  watch(server: Server): void {
    this.server = server;
    this.adapter?.limitReaders(this.config.SLOW_CLIENT_BYTES, (id) => this.cut(id));
    server.engine.on('connection', (engine: NewConnection) => {
      const { request } = engine;
      const address = this.admission.addressOf(request.socket.remoteAddress, request.headers);
      const refusal = this.connections.refusal(address);
      if (refusal) return this.refuse(engine, refusal);
      const connection = new SocketIoConnection(address, engine);
      this.known.set(engine, connection);
      engine.once('close', this.connections.add(connection));
      setTimeout(() => connection.endSilent(), this.config.HANDSHAKE_SECONDS * 1000 + closeGrace).unref();
    });
  }

  admit(socket: Socket): void {
    const refusal = this.refused.get(socket.conn);
    if (refusal) {
      socket.emit('closing', refusal);
      return void this.admission.hold().then(() => endUnsaid(socket, refusal));
    }
    const connection = this.known.get(socket.conn);
    if (!connection) return;
    connection.socket = socket;
    socket.once('disconnect', () => {
      for (const guildId of [...connection.rooms.keys()]) this.leave(socket, guildId);
      // There is nothing else here to talk about.
      setImmediate(() => socket.conn.close());
    });
  }

  /** @throws Fault when the socket can enter no further room */
  mustHaveRoomFor(socket: Socket, guildId: string): void {
    const connection = this.known.get(socket.conn);
    // Refused, and waiting for its end.
    if (!connection) throw new Fault('service.unavailable', 'There is no room for this connection.', { retryAfter: 5 });
    const most = this.config.MAX_ROOMS_PER_SOCKET;
    if (connection.rooms.size < most || connection.rooms.has(guildId)) return;
    throw new Fault('rate.limited', `A socket may be in ${most} rooms.`);
  }

  /** `before` and `after` stand around the shared bytes; together they are one JSON value. */
  readyAnswer(socket: Socket, before: string, shared: SharedBytes, after: string): ReadyAnswer | undefined {
    const member = this.adapter?.memberOf(socket.id);
    return member && new ReadyAnswer(member, { before, shared, after });
  }

  /** Whether an answer of so many bytes may be sent to this reader now; they are allowed for if so. */
  takesAnswer(socket: Socket, bytes: number): boolean {
    return this.adapter?.memberOf(socket.id)?.takesAnswer(bytes) ?? false;
  }

  /** Sends what a client missed, all in one write. */
  replay(socket: Socket, frames: readonly Frame[]): void {
    if (frames.length > 0) this.adapter?.memberOf(socket.id)?.write(joinBytes(frames), frames);
  }

  enter(socket: Socket, room: GuildRoom, visit?: Visit): void {
    const connection = this.known.get(socket.conn);
    if (!connection || connection.rooms.has(room.guildId)) return;
    connection.rooms.set(room.guildId, room);
    if (visit) connection.visits.set(room.guildId, visit);
    visit?.begin((reason) => {
      socket.emit('guild.removed', lettingOutOf(room, reason));
      this.leave(socket, room.guildId);
    });
    room.occupants += 1;
    const inside = this.inRooms.get(room.guildId);
    if (inside) inside.add(socket);
    else this.inRooms.set(room.guildId, new Set([socket]));
    void socket.join(roomName(room.guildId));
  }

  leave(socket: Socket, guildId: string): void {
    const connection = this.known.get(socket.conn);
    const room = connection?.rooms.get(guildId);
    if (!connection || !room) return;
    connection.rooms.delete(guildId);
    connection.visits.get(guildId)?.end();
    connection.visits.delete(guildId);
    room.occupants -= 1;
    const inside = this.inRooms.get(guildId);
    inside?.delete(socket);
    if (inside?.size === 0) this.inRooms.delete(guildId);
    void socket.leave(roomName(guildId));
  }

  send(room: GuildRoom, event: DomainEvent): number {
    const size = this.inRooms.get(room.guildId)?.size ?? 0;
    // Local on purpose: the event log alone crosses processes, and each of them serves its own sockets.
    if (size > 0) this.server?.local.to(roomName(room.guildId)).emit(event.type, event);
    return size;
  }

  end(room: GuildRoom): void {
    for (const socket of [...(this.inRooms.get(room.guildId) ?? [])]) this.leave(socket, room.guildId);
  }

  private get adapter(): RoomAdapter | undefined {
    return this.server?.of('/').adapter as unknown as RoomAdapter | undefined;
  }

  private refuse(engine: NewConnection, refusal: Closing): void {
    if (!this.admission.canHold) return engine.close(true);
    this.refused.set(engine, refusal);
    const late = setTimeout(() => engine.close(true), refusalTime + this.config.REFUSAL_HOLD_SECONDS * 1000);
    engine.once('close', () => clearTimeout(late));
  }

  private cut(id: string): void {
    const socket = this.server?.of('/').sockets.get(id);
    if (!socket) return;
    this.metrics.slowReadersCut.inc({ transport: this.name });
    for (const guildId of [...(this.known.get(socket.conn)?.rooms.keys() ?? [])]) this.leave(socket, guildId);
    endSocket(socket, closingFor('slow-consumer'));
    const raw = (socket.conn as unknown as EngineConnection).transport.socket?._socket;
    if (raw) cutOnceUnread(raw);
  }
}

/** An event as the ordinary path would write it. */
export function eventFrame(event: DomainEvent): Frame {
  const text = `2${JSON.stringify([event.type, event])}`;
  return { text, bytes: webSocketFrame(`4${text}`) };
}

function roomName(guildId: string): string {
  return `guild:${guildId}`;
}

import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Server, type Socket } from 'socket.io';
import { type DomainEvent } from '../../domain/events/index.js';
import { Fault } from '../../domain/fault.js';
import { ClientAdmission } from '../client-admission.js';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config.js';
import { type GuildRoom } from '../guild-room.js';
import { RoomBroadcaster } from '../room-broadcaster.js';
import { Transport } from '../transport.js';
import { wireFault } from '../wire-fault.js';
import { type EngineConnection, ReaderWatch } from './reader-watch.js';

/** Milliseconds for a connection that was refused to read why. */
const refusalTime = 5_000;

/** Carries rooms over socket.io: one socket.io room per guild, one encoding per event. */
@Injectable()
export class SocketIoTransport extends Transport implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly name = 'socket.io';
  /** The rooms of each socket, by guild. */
  private readonly rooms = new Map<Socket, Map<string, GuildRoom>>();
  /** Connections that there is no room for. */
  private readonly refused = new WeakSet<object>();
  private readonly readers: ReaderWatch;
  private server: Server | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    private readonly broadcaster: RoomBroadcaster,
    private readonly admission: ClientAdmission,
  ) {
    super();
    this.readers = new ReaderWatch(config.SLOW_CLIENT_BYTES, () => admission.slowReaderCut(this.name));
  }

  onApplicationBootstrap(): void {
    this.broadcaster.attach(this);
    this.readers.start();
  }

  onApplicationShutdown(): void {
    this.readers.stop();
  }

  /** Connections are counted where they are made: one may live on without ever saying what it wants. */
  watch(server: Server): void {
    this.server = server;
    server.engine.on('connection', (connection: EngineConnection) => {
      const release = this.admission.connect(this.name);
      if (release) {
        this.readers.add(connection);
        connection.once('close', () => {
          this.readers.delete(connection);
          release();
        });
        return;
      }
      this.refused.add(connection);
      const late = setTimeout(() => connection.close(true), refusalTime);
      connection.once('close', () => clearTimeout(late));
    });
  }

  admit(socket: Socket): void {
    if (this.refused.has(socket.conn)) {
      const fault = new Fault('service.unavailable', 'No room for another connection now.', { retryAfter: 5 });
      socket.emit('error', { error: wireFault(fault) });
      socket.disconnect(true);
      return;
    }
    this.rooms.set(socket, new Map());
    socket.once('disconnect', () => {
      for (const guildId of [...(this.rooms.get(socket)?.keys() ?? [])]) this.leave(socket, guildId);
      this.rooms.delete(socket);
      // There is nothing else here to talk about.
      setImmediate(() => socket.conn.close());
    });
  }

  roomsOf(socket: Socket): ReadonlyMap<string, GuildRoom> {
    return this.rooms.get(socket) ?? new Map<string, GuildRoom>();
  }

  /** So much waits for this reader that it gets no further answer for now. */
  isFarBehind(socket: Socket): boolean {
    return this.readers.isFarBehind(socket.conn as unknown as EngineConnection);
  }

  enter(socket: Socket, room: GuildRoom): void {
    const rooms = this.rooms.get(socket);
    if (!rooms || rooms.has(room.guildId)) return;
    rooms.set(room.guildId, room);
    room.occupants += 1;
    void socket.join(roomName(room.guildId));
  }

  leave(socket: Socket, guildId: string): void {
    const room = this.rooms.get(socket)?.get(guildId);
    if (!room) return;
    this.rooms.get(socket)?.delete(guildId);
    room.occupants -= 1;
    void socket.leave(roomName(guildId));
  }

  send(room: GuildRoom, event: DomainEvent): number {
    // Local on purpose: the event log alone crosses processes, and each of them serves its own sockets.
    this.server?.local.to(roomName(room.guildId)).emit(event.type, event);
    this.readers.sent();
    return this.server?.of('/').adapter.rooms.get(roomName(room.guildId))?.size ?? 0;
  }

  end(room: GuildRoom): void {
    for (const socket of this.rooms.keys()) this.leave(socket, room.guildId);
  }
}

function roomName(guildId: string): string {
  return `guild:${guildId}`;
}

import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Socket } from 'socket.io';
import { type DomainEvent } from '../../domain/events/index.js';
import { Fault } from '../../domain/fault.js';
import { ClientAdmission } from '../client-admission.js';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config.js';
import { type GuildRoom } from '../guild-room.js';
import { RoomBroadcaster } from '../room-broadcaster.js';
import { Transport } from '../transport.js';
import { wireFault } from '../wire-fault.js';

/** Milliseconds between two looks for readers that are too slow. */
const slownessCheck = 5_000;

/** Packets that may wait for one slow reader (beside the bytes in its socket). */
const maxWaitingPackets = 1_024;

/** Carries rooms over socket.io: one socket.io room per guild, one encoding per event. */
@Injectable()
export class SocketIoTransport extends Transport implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly name = 'socket.io';
  private readonly sockets = new Set<Socket>();
  /** The rooms of each socket, by guild. */
  private readonly rooms = new Map<Socket, Map<string, GuildRoom>>();
  private check: NodeJS.Timeout | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly broadcaster: RoomBroadcaster,
    private readonly admission: ClientAdmission,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.broadcaster.attach(this);
    this.check = setInterval(() => this.cutSlowReaders(), slownessCheck);
  }

  onApplicationShutdown(): void {
    clearInterval(this.check);
  }

  admit(socket: Socket): void {
    const release = this.admission.connect();
    if (!release) {
      const fault = new Fault('service.unavailable', 'No room for another connection now.', { retryAfter: 5 });
      socket.emit('error', { error: wireFault(fault) });
      socket.disconnect(true);
      return;
    }
    this.sockets.add(socket);
    this.rooms.set(socket, new Map());
    socket.once('disconnect', () => {
      release();
      this.sockets.delete(socket);
      for (const guildId of [...(this.rooms.get(socket)?.keys() ?? [])]) this.leave(socket, guildId);
      this.rooms.delete(socket);
    });
  }

  roomsOf(socket: Socket): number {
    return this.rooms.get(socket)?.size ?? 0;
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

  send(room: GuildRoom, event: DomainEvent): void {
    // Any socket will do to reach the server; without one there is nobody to tell.
    const [socket] = this.sockets;
    // Local on purpose: the event log alone crosses processes, and each of them serves its own sockets.
    socket?.nsp.server.local.to(roomName(room.guildId)).emit(event.type, event);
  }

  end(room: GuildRoom): void {
    for (const socket of this.sockets) this.leave(socket, room.guildId);
  }

  private cutSlowReaders(): void {
    for (const socket of this.sockets) {
      const { writeBuffer, transport } = socket.conn as unknown as EngineSocket;
      const bytes = transport.socket?._socket?.writableLength ?? 0;
      if (writeBuffer.length > maxWaitingPackets || bytes > this.config.SLOW_CLIENT_BYTES) socket.conn.close(true);
    }
  }
}

/** The parts of engine.io's socket that tell how far behind a reader is. */
interface EngineSocket {
  writeBuffer: unknown[];
  transport: { socket?: { _socket?: { writableLength: number } } };
}

function roomName(guildId: string): string {
  return `guild:${guildId}`;
}

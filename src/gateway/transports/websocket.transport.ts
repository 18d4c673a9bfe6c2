import { type IncomingMessage, type Server } from 'node:http';
import { type Duplex } from 'node:stream';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WebSocketServer } from 'ws';
import { parseCursor } from '../../domain/cursor.js';
import { type DomainEvent } from '../../domain/events/index.js';
import { ClientAdmission } from '../client-admission.js';
import { type ConnectMessage, connectTo, eventFrames, removal } from '../dialects/d-zone.dialect.js';
import { mayOpenSocket } from '../cors-origin.js';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config.js';
import { type GuildRoom } from '../guild-room.js';
import { JoinService } from '../join.service.js';
import { RoomBroadcaster } from '../room-broadcaster.js';
import { Transport } from '../transport.js';
import { declineUpgrade, isDeclinable } from './declined-upgrade.js';
import { Departures } from './departures.js';
import { RoomLane } from './room-lane.js';
import { webSocketFrame } from './web-socket-frame.js';
import { WebSocketConnection } from './websocket-connection.js';

/** Longest message a client may send, in bytes. A longer one is answered with close code 1009. */
const maxMessageBytes = 65_536;

/** Plain WebSocket on every path that is not socket.io's, speaking the d-zone dialect. */
@Injectable()
export class WebSocketTransport extends Transport implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'websocket';
  // Compression multiplies the cost of every frame by the number of its readers: off.
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
  });
  private readonly connections = new Set<WebSocketConnection>();
  private readonly lanes = new Map<string, RoomLane<WebSocketConnection>>();
  private readonly departures: Departures;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly broadcaster: RoomBroadcaster,
    private readonly joins: JoinService,
    private readonly admission: ClientAdmission,
  ) {
    super();
    this.departures = new Departures(config.DZONE_DELETE_SECONDS * 1000, (guildId, memberId, leftAt) =>
      this.wipe(guildId, memberId, leftAt),
    );
  }

  onApplicationBootstrap(): void {
    const http = this.host.httpAdapter.getHttpServer() as Server;
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (isSocketIo(request)) return;
      // Until somebody takes over, nobody listens for a peer that resets the connection.
      socket.on('error', ignore);
      if (isDeclinable(request)) declineUpgrade(http, request, socket);
      else this.upgrade(request, socket, head);
    });
    this.broadcaster.attach(this);
    this.broadcaster.onGuildAppearance(() => this.callTheWaiting());
    this.heartbeat = setInterval(() => {
      for (const connection of this.connections) connection.ping();
      // An operator may have opened a guild, or its source may answer again: no event tells of that.
      this.callTheWaiting();
    }, this.config.HEARTBEAT_SECONDS * 1000);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.heartbeat);
    this.departures.clear();
    for (const connection of this.connections) connection.close(1001, 'server is shutting down');
  }

  send(room: GuildRoom, event: DomainEvent): number {
    this.keepDepartures(event);
    const lane = this.lanes.get(room.guildId);
    if (!lane) return 0;
    const texts = eventFrames(event);
    // Bytes once for everybody.
    for (const text of texts) lane.push({ bytes: webSocketFrame(text), text });
    return lane.size * texts.length;
  }

  end(room: GuildRoom): void {
    for (const connection of [...(this.lanes.get(room.guildId)?.everybody() ?? [])]) connection.roomEnded();
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!mayOpenSocket(this.config.CORS_ORIGINS, request.headers)) return refuseUpgrade(socket, '403 Forbidden');
    const release = this.admission.connect(this.name);
    if (!release) return refuseUpgrade(socket, '503 Service Unavailable\r\nRetry-After: 5');
    socket.once('close', release);
    const address = this.admission.addressOf(request.socket.remoteAddress, request.headers);
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignore);
      const connection = new WebSocketConnection(webSocket, socket, {
        joins: this.joins,
        address,
        maxMembers: this.config.DZONE_MAX_MEMBERS,
        maxBuffered: this.config.SLOW_CLIENT_BYTES,
        deleteDelayMs: this.config.DZONE_DELETE_SECONDS * 1000,
        admitMessage: (bucket) => this.admission.ask(bucket, address),
        cut: () => this.admission.slowReaderCut(this.name),
        entered: (room) => this.enter(connection, room),
        left: (room) => this.leave(connection, room),
      });
      this.connections.add(connection);
      const asked = guildInPath(request.url ?? '');
      if (asked) connection.connect(asked);
      webSocket.once('close', () => this.connections.delete(connection));
    });
  }

  private enter(connection: WebSocketConnection, room: GuildRoom): void {
    let lane = this.lanes.get(room.guildId);
    if (!lane) this.lanes.set(room.guildId, (lane = new RoomLane()));
    lane.enter(connection);
    connection.lane = lane;
    room.occupants += 1;
  }

  private leave(connection: WebSocketConnection, room: GuildRoom): void {
    const { lane } = connection;
    if (!lane) return;
    connection.lane = undefined;
    lane.leave(connection);
    room.occupants -= 1;
    if (lane.size === 0) this.lanes.delete(room.guildId);
  }

  private callTheWaiting(): void {
    for (const connection of this.connections) if (connection.waiting) connection.tryDefault();
  }

  private keepDepartures(event: DomainEvent): void {
    if (event.type === 'member.joined') this.departures.returned(event.guildId, event.data.member.id);
    if (event.type !== 'member.left') return;
    const offset = parseCursor(event.cursor)?.offset ?? 0;
    this.departures.left(event.guildId, event.data.member.id, offset);
  }

  /** Only those who saw the member leave know whom to remove; to later arrivals it would be a stranger. */
  private wipe(guildId: string, memberId: string, leftAt: number): void {
    const frame = removal(guildId, memberId);
    for (const connection of this.lanes.get(guildId)?.everybody() ?? []) {
      if (connection.knownFrom < leftAt && !connection.room?.has(memberId)) connection.send(frame);
    }
  }
}

/** `/ws/guilds/<id or alias>[?cursor=]` joins by itself; every other path waits for the client to ask. */
function guildInPath(address: string): ConnectMessage | undefined {
  try {
    const { pathname, searchParams } = new URL(address, 'http://localhost');
    const guild = /^\/ws\/guilds\/([^/]+)\/?$/.exec(pathname)?.[1];
    return guild === undefined
      ? undefined
      : connectTo(decodeURIComponent(guild), searchParams.get('cursor') ?? undefined);
  } catch {
    return undefined;
  }
}

function refuseUpgrade(socket: Duplex, status: string): void {
  // Node leaves the other half of an upgraded connection open: a client that never ends would keep it.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function ignore(): void {}

/** Just what socket.io takes for itself: an upgrade that neither of the two took would stay open unanswered. */
function isSocketIo(request: IncomingMessage): boolean {
  return request.url?.startsWith('/socket.io/') ?? false;
}

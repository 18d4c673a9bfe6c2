import { type Duplex } from 'node:stream';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type WebSocket } from 'ws';
import { parseCursor } from '../../domain/cursor.js';
import { type DomainEvent } from '../../domain/events/index.js';
import { ClientAdmission } from '../client-admission.js';
import { clientIdFrame, eventFrames, removal, usersEncoding } from '../dialects/d-zone.dialect.js';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config.js';
import { GatewayMetrics } from '../gateway.metrics.js';
import { type Credentials } from '../guild-access.js';
import { type GuildRoom } from '../guild-room.js';
import { JoinService } from '../join.service.js';
import { RoomBroadcaster } from '../room-broadcaster.js';
import { Transport } from '../transport.js';
import { Departures } from './departures.js';
import { RoomLane } from './room-lane.js';
import { webSocketFrame } from './web-socket-frame.js';
import { type ConnectionServices } from './connection-services.js';
import { WebSocketConnection } from './websocket-connection.js';

/** Plain WebSocket, speaking the d-zone dialect. */
@Injectable()
export class WebSocketTransport extends Transport implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly name = 'websocket';
  private readonly connections = new Set<WebSocketConnection>();
  private readonly lanes = new Map<string, RoomLane<WebSocketConnection>>();
  private readonly departures: Departures;
  private readonly services: ConnectionServices<WebSocketConnection>;
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly broadcaster: RoomBroadcaster,
    joins: JoinService,
    admission: ClientAdmission,
    metrics: GatewayMetrics,
  ) {
    super();
    this.departures = new Departures(config.DZONE_DELETE_SECONDS * 1000, (guildId, memberId, leftAt) =>
      this.wipe(guildId, memberId, leftAt),
    );
    this.services = {
      joins,
      snapshots: usersEncoding(config.DZONE_MAX_MEMBERS),
      deleteDelayMs: config.DZONE_DELETE_SECONDS * 1000,
      handshakeMs: config.HANDSHAKE_SECONDS * 1000,
      maxBuffered: config.SLOW_CLIENT_BYTES,
      rates: admission.rates,
      clientId: config.DISCORD_CLIENT_ID,
      ask: (bucket, address) => admission.ask(bucket, address),
      cut: () => metrics.slowReadersCut.inc({ transport: this.name }),
      entered: (connection, room) => this.enter(connection, room),
      left: (connection, room) => this.leave(connection, room),
    };
  }

  onApplicationBootstrap(): void {
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
  }

  /** `socket` is the TCP socket under the WebSocket; `address` where the client is, and `shown` what it showed coming in. */
  accept(webSocket: WebSocket, socket: Duplex, address: string, shown: Credentials): WebSocketConnection {
    const connection = new WebSocketConnection(webSocket, socket, address, this.services, shown);
    this.connections.add(connection);
    webSocket.once('close', () => this.connections.delete(connection));
    return connection;
  }

  send(room: GuildRoom, event: DomainEvent): number {
    this.keepDepartures(event);
    const lane = this.lanes.get(room.guildId);
    if (!lane) return 0;
    const texts = [...eventFrames(event), ...this.loginFrames(event)];
    // Bytes once for everybody.
    for (const text of texts) lane.push({ bytes: webSocketFrame(text), text });
    return lane.size * texts.length;
  }

  end(room: GuildRoom): void {
    for (const connection of [...(this.lanes.get(room.guildId)?.everybody() ?? [])]) connection.roomEnded();
  }

  /** Those whose guild begins to ask for a login are told where, before they have to leave. */
  private loginFrames(event: DomainEvent): string[] {
    const { DISCORD_CLIENT_ID: clientId } = this.config;
    const asked = event.type === 'guild.removed' && event.data.door === 'discord';
    return asked && clientId !== undefined ? [clientIdFrame(event.guildId, clientId)] : [];
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
    for (const connection of this.connections) if (connection.waitsFor) connection.tryDefault();
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

import { type IncomingMessage, type Server } from 'node:http';
import { type Duplex } from 'node:stream';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type WebSocket } from 'ws';
import { type Closing } from '../../domain/closing.js';
import { ClientAdmission } from '../client-admission.js';
import { Connections } from '../connections.js';
import { mayOpenSocket } from '../cors-origin.js';
import { type ConnectMessage, connectTo } from '../dialects/d-zone.dialect.js';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config.js';
import { ClientSockets } from './client-sockets.js';
import { declineUpgrade, isDeclinable } from './declined-upgrade.js';
import { deflateOptions } from './deflate-options.js';
import { WebSocketTransport } from './websocket.transport.js';

/** Milliseconds for a refused client to answer its close. */
const closingTime = 1_000;

/** The way in for plain WebSockets: every upgrade on every path that is not socket.io's. */
@Injectable()
export class WebSocketUpgrades implements OnApplicationBootstrap {
  private readonly server: ClientSockets;

  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    private readonly transport: WebSocketTransport,
    private readonly admission: ClientAdmission,
    private readonly connections: Connections,
  ) {
    this.server = new ClientSockets({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: config.PERMESSAGE_DEFLATE === 'on' && deflateOptions,
      // A longer message is answered with close code 1009.
      maxPayload: config.MAX_FRAME_BYTES,
    });
  }

  onApplicationBootstrap(): void {
    const http = this.host.httpAdapter.getHttpServer() as Server;
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (isSocketIo(request)) return;
      if (isDeclinable(request)) return declineUpgrade(http, request, socket, head);
      // Until somebody takes over, nobody listens for a peer that resets the connection.
      socket.on('error', ignore);
      void this.upgrade(request, socket, head);
    });
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (!mayOpenSocket(this.config.CORS_ORIGINS, request.headers)) {
      await this.admission.hold();
      return refuseUpgrade(socket, '403 Forbidden', 'Pages of this origin may not open sockets here.');
    }
    const address = this.admission.addressOf(request.socket.remoteAddress, request.headers);
    const refusal = this.connections.refusal(address);
    if (refusal && !this.admission.canHold) {
      const retry = refusal.retryAfter === undefined ? '' : `\r\nRetry-After: ${refusal.retryAfter}`;
      return refuseUpgrade(socket, `503 Service Unavailable${retry}`, refusal.message);
    }
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignore);
      if (refusal) return void this.refuse(webSocket, refusal);
      const connection = this.transport.accept(webSocket, socket, address, this.admission.shownBy(request.headers));
      webSocket.once('close', this.connections.add(connection));
      const asked = guildInPath(request.url ?? '');
      if (asked) connection.connect(asked);
    });
  }

  /** Only an open WebSocket can tell a page why: what a browser hears of a refused upgrade is nothing. */
  private async refuse(webSocket: WebSocket, { code, reason }: Closing): Promise<void> {
    webSocket.on('error', ignore);
    await this.admission.hold();
    webSocket.close(code, reason);
    setTimeout(() => webSocket.terminate(), closingTime).unref();
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

function refuseUpgrade(socket: Duplex, status: string, why: string): void {
  // Node leaves the other half of an upgraded connection open: a client that never ends would keep it.
  socket.once('finish', () => socket.destroy());
  const head = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${why.length}`;
  socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${why}`);
}

function ignore(): void {}

/** Just what socket.io takes for itself: an upgrade that neither of the two took would stay open unanswered. */
function isSocketIo(request: IncomingMessage): boolean {
  return request.url?.startsWith('/socket.io/') ?? false;
}

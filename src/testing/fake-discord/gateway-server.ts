import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { GatewayConnection, type Heartbeats } from './gateway-connection.js';
import { GatewaySessions, type SessionRules } from './gateway-sessions.js';
import { type Route } from './rest-router.js';
import { type World } from './world.js';

/** IDENTIFYs that Discord allows in a day. */
const sessionStarts = 1000;

/** Discord's gateway v10: JSON, never compressed. */
export class GatewayServer {
  readonly sessions: GatewaySessions;
  readonly routes: readonly Route[];
  private readonly sockets = new WebSocketServer({ noServer: true });
  private readonly connections = new Set<GatewayConnection>();

  constructor(
    world: World,
    rules: SessionRules,
    readonly heartbeats: Heartbeats,
  ) {
    this.sessions = new GatewaySessions(world, rules);
    this.routes = [
      { method: 'GET', path: '/gateway', open: true, handle: () => ({ status: 200, body: { url: rules.url() } }) },
      {
        method: 'GET',
        path: '/gateway/bot',
        handle: () => ({ status: 200, body: { url: rules.url(), shards: 1, session_start_limit: this.startLimit() } }),
      },
    ];
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { searchParams } = new URL(request.url ?? '/', 'http://fake');
    this.sockets.handleUpgrade(request, socket, head, (client) => {
      const connection = new GatewayConnection(client, this.sessions, this.heartbeats);
      this.connections.add(connection);
      client.on('close', () => this.connections.delete(connection));
      if (!['9', '10'].includes(searchParams.get('v') ?? '10')) connection.close('invalidVersion');
      else if ((searchParams.get('encoding') ?? 'json') !== 'json') connection.close('decodeError');
    });
  }

  /** Cuts every connection. Without `resumable` the sessions are over too. */
  drop({ resumable, code }: { resumable: boolean; code?: number }): void {
    if (!resumable) this.sessions.forgetAll();
    for (const connection of this.connections) connection.cut(code);
  }

  askReconnect(): void {
    for (const connection of this.connections) connection.askReconnect();
  }

  private startLimit(): object {
    const remaining = Math.max(0, sessionStarts - this.sessions.begun);
    return { total: sessionStarts, remaining, reset_after: 86_400_000, max_concurrency: 1 };
  }
}

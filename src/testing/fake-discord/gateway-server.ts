import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { GatewayConnection, type Heartbeats } from './gateway-connection.js';
import { GatewaySessions, type SessionRules } from './gateway-sessions.js';
import { type Route } from './rest-router.js';
import { type World } from './world.js';

/** IDENTIFYs that Discord allows in a day, and a day in milliseconds. */
const sessionStarts = 1000;
const day = 86_400_000;

/** Discord's gateway v10: JSON, never compressed. */
export class GatewayServer {
  readonly sessions: GatewaySessions;
  readonly routes: readonly Route[];
  /** Set when fewer IDENTIFYs are left than were made; `resetAfter` in milliseconds. */
  startsLeft?: { remaining: number; resetAfter: number };
  private readonly sockets = new WebSocketServer({ noServer: true });
  private readonly connections = new Set<GatewayConnection>();

  constructor(
    world: World,
    private readonly rules: SessionRules,
    readonly heartbeats: Heartbeats,
  ) {
    this.sessions = new GatewaySessions(world, rules);
    this.routes = [
      { method: 'GET', path: '/gateway', open: true, handle: () => ({ status: 200, body: { url: rules.url() } }) },
      {
        method: 'GET',
        path: '/gateway/bot',
        handle: () => ({
          status: 200,
          body: { url: rules.url(), shards: rules.shards, session_start_limit: this.startLimit() },
        }),
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
  drop({ resumable, code, shard }: { resumable: boolean; code?: number; shard?: number }): void {
    if (!resumable) this.sessions.forgetAll(shard);
    for (const connection of this.connections) {
      if (shard === undefined || connection.shard === shard) connection.cut(code);
    }
  }

  keepAway(shards: readonly number[]): void {
    this.sessions.away.clear();
    for (const shard of shards) this.sessions.away.add(shard);
  }

  askReconnect(): void {
    for (const connection of this.connections) connection.askReconnect();
  }

  private startLimit(): object {
    const begun = this.sessions.starts.items.filter(({ kind }) => kind === 'identify').length;
    const { remaining, resetAfter } = this.startsLeft ?? { remaining: sessionStarts - begun, resetAfter: day };
    return {
      total: sessionStarts,
      remaining: Math.max(0, remaining),
      reset_after: resetAfter,
      max_concurrency: this.rules.maxConcurrency,
    };
  }
}

import { type IncomingMessage } from 'node:http';
import { type INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type MessageMappingProperties } from '@nestjs/websockets';
import { lastValueFrom, type Observable } from 'rxjs';
import { type Server, type ServerOptions, type Socket } from 'socket.io';
import { type GatewayConfig } from '../gateway.config.js';
import { type FaultCode } from '../../domain/fault.js';
import { corsOrigin, mayOpenSocket } from '../cors-origin.js';
import { wireFault } from '../wire-fault.js';

import { RoomAdapter } from './room.adapter.js';

/** Longest message a client may send, in bytes; a longer one ends its connection. */
const maxMessageBytes = 65_536;

/** Messages of one socket that may wait for their turn. */
const maxWaiting = 256;

/** Connections over the bound that may be there to be told so; any more are refused without a word of ours. */
const refusalsAtOnce = 100;

type Acknowledge = (answer: unknown) => void;

/** socket.io on the port of the application, beside the other transports. */
export class SocketIoAdapter extends IoAdapter {
  constructor(
    app: INestApplicationContext,
    private readonly config: GatewayConfig,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const most = this.config.MAX_CONNECTIONS + refusalsAtOnce;
    const server = super.createIOServer(port, {
      ...options,
      // Other upgrades on this port belong to the WebSocket transport; engine.io would end them after a second.
      destroyUpgrade: false,
      maxHttpBufferSize: maxMessageBytes,
      perMessageDeflate: false,
      adapter: RoomAdapter as never,
      pingInterval: this.config.HEARTBEAT_SECONDS * 1000,
      cors: { origin: corsOrigin(this.config.CORS_ORIGINS) },
      allowRequest: (request: IncomingMessage, decide: (refusal: string | null, allowed: boolean) => void) =>
        decide(null, server.engine.clientsCount < most && mayOpenSocket(this.config.CORS_ORIGINS, request.headers)),
    }) as Server;
    return server;
  }

  /**
   * One listener for all messages: Nest's own costs 4 KiB of rxjs for each handler of each connection. Messages are
   * taken one after the other: a `leave` that was sent behind a `join` must not overtake it.
   */
  override bindMessageHandlers(
    socket: Socket,
    handlers: MessageMappingProperties[],
    transform: (result: unknown) => Observable<unknown>,
  ): void {
    let turn = Promise.resolve();
    let waiting = 0;
    socket.onAny((message: unknown, ...parts: unknown[]) => {
      const last = parts.at(-1);
      const acknowledge = typeof last === 'function' ? (last as Acknowledge) : undefined;
      const handler = handlers.find((candidate) => candidate.message === message);
      if (!handler) return refuse(socket, acknowledge, 'request.unknown_type', 'There is no such message.');
      if (waiting >= maxWaiting) return refuse(socket, acknowledge, 'rate.limited', 'Too many messages are waiting.');
      waiting += 1;
      turn = turn.then(async () => {
        waiting -= 1;
        if (!socket.connected) return;
        // Handlers answer through the acknowledgement themselves, and their errors end in the gateway's filter.
        // A handler behind an interceptor runs when its result is subscribed to, and not before.
        const result = transform(handler.callback(parts[0] === acknowledge ? undefined : parts[0], acknowledge));
        await lastValueFrom(result, { defaultValue: undefined }).catch(wireFault);
      });
    });
  }
}

function refuse(socket: Socket, acknowledge: Acknowledge | undefined, code: FaultCode, message: string): void {
  const error = { code, message };
  if (acknowledge) acknowledge({ error });
  else socket.emit('error', { error });
}

import { type IncomingMessage } from 'node:http';
import { type INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type MessageMappingProperties } from '@nestjs/websockets';
import { lastValueFrom, type Observable } from 'rxjs';
import { type Server, type ServerOptions, type Socket } from 'socket.io';
import * as parser from 'socket.io-parser';
import { closingFor } from '../../domain/closing.js';
import { Fault } from '../../domain/fault.js';
import { ClientAdmission } from '../client-admission.js';
import { corsOrigin, mayOpenSocket } from '../cors-origin.js';
import { type GatewayConfig } from '../gateway.config.js';
import { MessageBudget } from '../message-budget.js';
import { wireFault } from '../wire-fault.js';
import { BoundedDecoder } from './bounded-decoder.js';
import { ClientSockets } from './client-sockets.js';
import { deflateOptions } from './deflate-options.js';
import { ReadyAnswerEncoder } from './ready-answer.js';
import { RoomAdapter } from './room.adapter.js';
import { endSocket } from './socket-io-connection.js';
import { boundProbes } from './upgrade-probes.js';

/** Messages of one socket that may wait for their turn. */
const maxWaiting = 256;

/** Connections over the bound that may be there to be told so; any more are refused without a word of ours. */
const refusalsAtOnce = 1_000;

/** The message that enters a room, and counts as that. */
const joinMessage = 'join';

type Acknowledge = (answer: unknown) => void;

/** socket.io on the port of the application, beside the other transports. */
export class SocketIoAdapter extends IoAdapter {
  private readonly admission: ClientAdmission;

  constructor(
    app: INestApplicationContext,
    private readonly config: GatewayConfig,
  ) {
    super(app);
    this.admission = app.get(ClientAdmission, { strict: false });
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const { config } = this;
    const most = config.MAX_CONNECTIONS + refusalsAtOnce;
    const heartbeat = config.HEARTBEAT_SECONDS * 1000;
    const origin = corsOrigin(config.CORS_ORIGINS);
    const server = super.createIOServer(port, {
      ...options,
      // Other upgrades on this port belong to the WebSocket transport; engine.io would end them after a second.
      destroyUpgrade: false,
      maxHttpBufferSize: config.MAX_FRAME_BYTES,
      // What is worth compressing is compressed once for everybody, and not by this server: its own threshold is never met.
      perMessageDeflate: config.PERMESSAGE_DEFLATE === 'on' && deflateOptions,
      adapter: RoomAdapter as never,
      parser: { ...parser, Encoder: ReadyAnswerEncoder, Decoder: BoundedDecoder },
      wsEngine: ClientSockets,
      pingInterval: heartbeat,
      pingTimeout: heartbeat,
      connectTimeout: config.HANDSHAKE_SECONDS * 1000,
      cors: { origin, credentials: origin !== '*' },
      allowRequest: (request: IncomingMessage, decide: (refusal: string | null, allowed: boolean) => void) => {
        if (server.engine.clientsCount < most && mayOpenSocket(config.CORS_ORIGINS, request.headers)) {
          return decide(null, true);
        }
        void this.admission.hold().then(() => decide(null, false));
      },
    }) as Server;
    server.engine.on('connection', boundProbes);
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
    const budget = new MessageBudget(this.admission.rates);
    let turn = Promise.resolve();
    let waiting = 0;
    socket.onAny((message: unknown, ...parts: unknown[]) => {
      const last = parts.at(-1);
      const acknowledge = typeof last === 'function' ? (last as Acknowledge) : undefined;
      const retryAfter = budget.take('messages') ?? (message === joinMessage ? budget.take('joins') : undefined);
      if (budget.flooded) return endSocket(socket, closingFor('flood'));
      if (retryAfter !== undefined || waiting >= maxWaiting) {
        const fault = new Fault('rate.limited', 'Messages come too fast.', { retryAfter: retryAfter ?? 1 });
        return refuse(socket, acknowledge, fault);
      }
      const handler = handlers.find((candidate) => candidate.message === message);
      if (!handler) {
        return refuse(socket, acknowledge, new Fault('request.unknown_type', 'There is no such message.'));
      }
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

function refuse(socket: Socket, acknowledge: Acknowledge | undefined, fault: Fault): void {
  const error = wireFault(fault);
  if (acknowledge) acknowledge({ error });
  else socket.emit('error', { error });
}

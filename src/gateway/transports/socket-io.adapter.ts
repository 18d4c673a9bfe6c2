import { type INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { type MessageMappingProperties } from '@nestjs/websockets';
import { type Observable } from 'rxjs';
import { type Server, type ServerOptions, type Socket } from 'socket.io';
import { type GatewayConfig } from '../gateway.config.js';
import { corsOrigin } from '../cors-origin.js';

/** Longest message a client may send, in bytes; a longer one ends its connection. */
const maxMessageBytes = 65_536;

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
    return super.createIOServer(port, {
      ...options,
      // Other upgrades on this port belong to the WebSocket transport; engine.io would end them after a second.
      destroyUpgrade: false,
      maxHttpBufferSize: maxMessageBytes,
      perMessageDeflate: false,
      pingInterval: this.config.HEARTBEAT_SECONDS * 1000,
      cors: { origin: corsOrigin(this.config.CORS_ORIGINS) },
    }) as Server;
  }

  /** One listener for all messages: Nest's own costs 4 KiB of rxjs for each handler of each connection. */
  override bindMessageHandlers(
    socket: Socket,
    handlers: MessageMappingProperties[],
    transform: (result: unknown) => Observable<unknown>,
  ): void {
    socket.onAny((message: unknown, ...parts: unknown[]) => {
      const last = parts.at(-1);
      const acknowledge = typeof last === 'function' ? (last as Acknowledge) : undefined;
      const handler = handlers.find((candidate) => candidate.message === message);
      // Handlers answer through the acknowledgement themselves, and their errors end in the gateway's filter.
      // A handler behind an interceptor runs when its result is subscribed to, and not before.
      if (handler) {
        transform(handler.callback(parts[0] === acknowledge ? undefined : parts[0], acknowledge)).subscribe();
        return;
      }
      const error = { code: 'request.unknown_type', message: 'There is no such message.' };
      if (acknowledge) acknowledge({ error });
      else socket.emit('error', { error });
    });
  }
}

import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { type Closing } from '../../src/domain/closing.js';
import { type DomainEvent } from '../../src/domain/events/index.js';
import { type GuildSnapshot } from '../../src/domain/guild-snapshot.js';

export interface JoinAnswer {
  guildId: string;
  cursor: string;
  recovered: boolean;
  snapshot: GuildSnapshot | null;
  error?: { code: string; message: string; retryAfter?: number };
}

/** A socket.io client for tests: keeps every event it got, in order, with the acknowledged joins between them. */
export class SocketIoClient {
  readonly events: DomainEvent[] = [];
  readonly order: string[] = [];
  readonly errors: unknown[] = [];
  closing: Closing | undefined;

  private constructor(readonly socket: Socket) {
    socket.onAny((type: string, event: DomainEvent) => {
      if (type === 'error') return void this.errors.push(event);
      if (type === 'closing') return void (this.closing = event as unknown as Closing);
      this.order.push(type);
      this.events.push(event);
    });
  }

  static async open(url: string, options: Partial<ManagerOptions & SocketOptions> = {}): Promise<SocketIoClient> {
    const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true, ...options });
    const client = new SocketIoClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return client;
  }

  /** The acknowledgement of a message. */
  async ask<T = JoinAnswer>(message: string, body?: unknown): Promise<T> {
    const parts = body === undefined ? [] : [body];
    const answer = (await this.socket.timeout(5_000).emitWithAck(message, ...parts)) as T;
    this.order.push(`answer:${message}`);
    return answer;
  }

  close(): void {
    this.socket.disconnect();
  }
}

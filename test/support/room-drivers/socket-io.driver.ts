import { io, type Socket } from 'socket.io-client';
import { type DomainEvent } from '../../../src/domain/events/index.js';
import { type Answer, type Ask, RoomDriver, type RoomListener } from './room-driver.js';

type JoinAnswer = Answer & { guildId: string; error?: unknown };

/** socket.io, over the given engine transports: two of them mean an upgrade in the middle of everything. */
export class SocketIoDriver extends RoomDriver {
  private readonly socket: Socket;

  constructor(url: string, listener: RoomListener, patience: number, transports: ('polling' | 'websocket')[]) {
    super(url, listener, patience);
    this.socket = io(url, {
      transports,
      agent: this.agent as never,
      reconnection: false,
      forceNew: true,
      autoConnect: false,
    });
    this.socket.onAny((type: string, event: DomainEvent) => {
      // Says why the connection is about to end; that it ends is judged by itself.
      if (type !== 'closing') this.hear(() => this.heard(type, event));
    });
    this.socket.on('disconnect', (reason) => this.lost(reason));
  }

  open(): Promise<void> {
    const connected = new Promise<void>((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('connect_error', reject);
    });
    this.socket.connect();
    return this.answered('connect', connected);
  }

  join(ask: Ask, alone: boolean): Promise<void> {
    const { guildId, cursor } = ask;
    if (alone) for (const other of this.rooms) if (other !== guildId) void this.leave(other);
    this.rooms.add(guildId);
    const answer = new Promise<void>((resolve) => {
      this.socket.emit('join', { guildId, ...(cursor !== undefined && { cursor }) }, (answer: JoinAnswer) => {
        this.hear(() => {
          if (answer.error) this.listener.fault(`join refused: ${JSON.stringify(answer.error)}`);
          else this.listener.joined(ask, answer);
        });
        resolve();
      });
    });
    return this.answered(`join ${guildId}`, answer);
  }

  leave(guildId: string): Promise<void> {
    this.rooms.delete(guildId);
    const answer = new Promise<void>((resolve) => {
      this.socket.emit('leave', { guildId }, (answer: { error?: unknown }) => {
        this.hear(() => {
          if (answer.error) this.listener.fault(`leave refused: ${JSON.stringify(answer.error)}`);
          this.listener.left(guildId);
        });
        resolve();
      });
    });
    return this.answered(`leave ${guildId}`, answer);
  }

  barrier(): Promise<void> {
    return this.answered('guilds', new Promise((resolve) => this.socket.emit('guilds', {}, resolve)));
  }

  override close(): void {
    super.close();
    this.socket.disconnect();
  }

  /** Those asked for and not left again. */
  private readonly rooms = new Set<string>();

  private heard(type: string, event: DomainEvent): void {
    if (type === 'error' || type !== event.type) {
      this.listener.fault(`message ${type} carries ${JSON.stringify(event)}`);
    } else {
      this.listener.event(event.guildId, event);
    }
  }
}

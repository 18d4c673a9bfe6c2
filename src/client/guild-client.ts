import { type Closing, comesBack } from '../domain/closing.js';
import { type DomainEvent } from '../domain/events/index.js';
import { type BackoffOptions, defaultBackoff, waitBefore } from './backoff.js';
import { type ClientFault, readError } from './client-fault.js';
import { type ClientRoom, type DoorCredentials, type LostConnection } from './client-room.js';
import { type ClientSocket, type OpenSocket, type SocketOptions, socketOptions } from './client-socket.js';
import { readClosing } from './closing-message.js';
import { Emitter } from './emitter.js';
import { readJoinAnswer } from './join-answer.js';
import { RoomSession } from './room-session.js';

/** The rooms on a connection that is not there have its status, but for those that were refused themselves. */
export type ClientStatus = { name: 'connecting' } | { name: 'connected' } | LostConnection | { name: 'closed' };

export interface ClientOptions extends SocketOptions {
  backoff?: Partial<BackoffOptions>;
  /** How long the server may take for one answer, in milliseconds (20 000): its data sources may be slow. */
  answerTimeoutMs?: number;
}

/**
 * One connection to Guildcast and the rooms on it. It comes back by itself after every loss that the server does not
 * declare final, and each room goes on where it was or starts from a fresh snapshot.
 */
export class GuildClient extends Emitter<{ status: ClientStatus }> {
  private current: ClientStatus = { name: 'connecting' };
  private readonly socket: ClientSocket;
  private readonly backoff: BackoffOptions;
  private readonly answerTimeoutMs: number;
  private readonly rooms = new Set<RoomSession>();
  /** The guilds whose events the server sends over this connection. */
  private readonly entered = new Set<string>();
  /** Questions without an answer. The server may take two in any order, so a leave never runs beside a join. */
  private asked = { joins: 0, leaves: 0 };
  private failures = 0;
  private connectedAt: number | undefined;
  private lastFault: ClientFault | undefined;
  /** Why the server is about to end this connection. */
  private closing: Closing | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Connects at once. `io` is socket.io-client's, wherever it comes from. */
  constructor(io: OpenSocket, url?: string, { backoff, answerTimeoutMs = 20_000, ...options }: ClientOptions = {}) {
    super();
    this.backoff = { ...defaultBackoff, ...backoff };
    this.answerTimeoutMs = answerTimeoutMs;
    this.socket = io(url, socketOptions(options, answerTimeoutMs));
    this.socket.on('connect', () => this.connected());
    this.socket.on('disconnect', () => this.lost());
    this.socket.on('connect_error', () => this.lost());
    this.socket.on('error', (content) => (this.lastFault = readError(content)));
    this.socket.on('closing', (content) => this.sentAway(readClosing(content)));
    this.socket.onAny((type, content) => this.receive(type, content));
    this.socket.connect();
  }

  get status(): ClientStatus {
    return this.current;
  }

  /** Enters the room of a guild, by id or alias, and stays in it until it is left. */
  join(guild: string, credentials?: DoorCredentials): ClientRoom {
    if (this.isClosed) throw new Error('This client is closed.');
    const link = { enter: (entering: RoomSession) => this.enter(entering), leave: () => this.left(room) };
    const room = new RoomSession(guild, credentials, link, this.backoff);
    this.rooms.add(room);
    this.enter(room);
    return room;
  }

  /**
   * Whatever waits for its next try, the connection or a refused room, does so no longer. The only way back for a
   * connection that the server ended for good.
   */
  retryNow(): void {
    if (this.current.name === 'waiting' || this.current.name === 'refused') this.open();
    for (const room of [...this.rooms]) room.retryNow();
  }

  /** Leaves every room and ends the connection, for good. Nothing is left running. */
  close(): void {
    if (this.isClosed) return;
    clearTimeout(this.timer);
    this.show({ name: 'closed' });
    this.silence();
    for (const room of [...this.rooms]) room.leave();
    this.socket.disconnect();
  }

  private get isClosed(): boolean {
    return this.current.name === 'closed';
  }

  private connected(): void {
    this.connectedAt = Date.now();
    this.lastFault = undefined;
    this.show({ name: 'connected' });
    this.enterAll();
  }

  private open(): void {
    clearTimeout(this.timer);
    // Whatever becomes of this try, it is not what ended the connection before.
    this.closing = undefined;
    this.showToAll({ name: 'connecting' });
    if (this.current.name === 'connecting') this.socket.connect();
  }

  /** Nothing that counts comes any more, and the server may take its time. */
  private sentAway(closing: Closing | undefined): void {
    if (!closing) return;
    this.closing = closing;
    this.socket.disconnect();
  }

  private lost(): void {
    if (this.current.name === 'waiting' || this.current.name === 'refused' || this.isClosed) return;
    this.asked = { joins: 0, leaves: 0 };
    this.entered.clear();
    for (const room of this.rooms) room.asking = false;
    // A server that takes connections and drops them at once is waited for longer and longer.
    if (this.connectedAt !== undefined && Date.now() - this.connectedAt > this.backoff.capMs) this.failures = 0;
    this.connectedAt = undefined;
    const { closing, lastFault: fault } = this;
    if (closing && !comesBack(closing.code)) return this.showToAll({ name: 'refused', closing });
    const asked = Math.max(fault?.retryAfter ?? 0, closing?.retryAfter ?? 0);
    const wait = waitBefore(this.failures, this.backoff, asked);
    this.failures += 1;
    this.timer = setTimeout(() => this.open(), wait);
    this.showToAll({ name: 'waiting', until: Date.now() + wait, fault, closing });
  }

  private enterAll(): void {
    for (const room of [...this.rooms]) this.enter(room);
  }

  private enter(room: RoomSession): void {
    if (this.current.name === 'waiting' || this.current.name === 'refused') return room.follow(this.current);
    if (!this.socket.connected || this.asked.leaves > 0 || room.asking || room.status.name !== 'connecting') return;
    room.asking = true;
    this.ask('joins', 'join', room.request, (answer) => {
      room.asking = false;
      const said = readJoinAnswer(answer);
      if ('guildId' in said) this.entered.add(said.guildId);
      if (this.rooms.has(room)) {
        if ('fault' in said) room.refused(said.fault);
        else room.joined(said);
      }
      this.leaveUnused();
    });
  }

  private left(room: RoomSession): void {
    this.rooms.delete(room);
    this.leaveUnused();
  }

  /** Two rooms may be the same guild, by its id and by its alias: the last one that goes takes the guild with it. */
  private leaveUnused(): void {
    if (this.isClosed || !this.socket.connected || this.asked.joins > 0) return;
    const used = new Set([...this.rooms].map(({ guildId }) => guildId));
    for (const guildId of [...this.entered]) {
      if (used.has(guildId)) continue;
      this.entered.delete(guildId);
      this.ask('leaves', 'leave', { guildId }, (answer) => {
        // Refused, such as for too many messages: tried again when a room is entered or left next.
        if (readError(answer)) this.entered.add(guildId);
        if (this.asked.leaves === 0) this.enterAll();
      });
    }
  }

  private ask(kind: 'joins' | 'leaves', event: string, content: object, answered: (answer: unknown) => void): void {
    // Another object after every loss, so that an answer cannot count for the next connection.
    const asked = this.asked;
    asked[kind] += 1;
    this.socket.timeout(this.answerTimeoutMs).emit(event, content, (failure, answer) => {
      if (asked !== this.asked || this.isClosed) return;
      // No answer: the connection is lost, or as good as that. Ending it starts the way back.
      if (failure) return void this.socket.disconnect();
      asked[kind] -= 1;
      // One that refuses may be about to end the connection too.
      if (!readError(answer)) this.failures = 0;
      answered(answer);
    });
  }

  private receive(type: string, content: unknown): void {
    const event = content as DomainEvent | null | undefined;
    if (typeof event !== 'object' || event?.type !== type) return;
    for (const room of [...this.rooms]) if (room.guildId === event.guildId) room.receive(event);
  }

  /** A listener may change the status again: the rooms have then gone along with the newer one. */
  private showToAll(status: { name: 'connecting' } | LostConnection): void {
    this.show(status);
    for (const room of [...this.rooms]) if (this.current === status) room.follow(status);
  }

  private show(status: ClientStatus): void {
    this.current = status;
    this.emit('status', status);
  }
}

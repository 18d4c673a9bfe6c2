import { type WebSocket } from 'ws';
import { type DomainEvent } from '../../domain/events/index.js';
import { Fault } from '../../domain/fault.js';
import * as dialect from '../dialects/d-zone.dialect.js';
import { type GuildRoom } from '../guild-room.js';
import { type Joined, type JoinService } from '../join.service.js';
import { wireFault } from '../wire-fault.js';

/** Messages of one client that may wait for their turn. */
const maxWaiting = 32;

/** What a connection needs of the house. `admitMessage` throws a Fault when the client sends too fast. */
export interface ConnectionServices {
  joins: JoinService;
  maxMembers: number;
  deleteDelayMs: number;
  admitMessage(): Promise<void>;
  entered(room: GuildRoom): void;
  left(room: GuildRoom): void;
  /** Bytes that may wait for this reader. */
  maxBuffered: number;
}

/** One d-zone client: reads its messages one after the other and is in at most one room. */
export class WebSocketConnection {
  room: GuildRoom | undefined;
  /** The offset of the room up to which this client knows who is there. */
  knownFrom = 0;
  /** Set while the client waits for an open guild. */
  waiting: dialect.ConnectMessage | undefined;
  private answeredPing = true;
  private work: Promise<void>;
  private pending = 0;
  private readonly removals = new Set<NodeJS.Timeout>();

  constructor(
    private readonly socket: WebSocket,
    private readonly services: ConnectionServices,
  ) {
    this.work = this.greet();
    socket.on('message', (data, binary) => this.receive(data as Buffer, binary));
    socket.on('pong', () => (this.answeredPing = true));
    // A frame that breaks the WebSocket protocol or its bounds: ws answers with the right close code by itself.
    socket.on('error', () => undefined);
    socket.once('close', () => this.leave());
  }

  get open(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** A reader too slow for its room is cut off, so that it costs the others nothing. */
  send(frame: string | Buffer): void {
    if (!this.open) return;
    if (this.socket.bufferedAmount > this.services.maxBuffered) return this.socket.terminate();
    this.socket.send(frame, { binary: false });
  }

  ping(): void {
    if (!this.answeredPing) return this.socket.terminate();
    this.answeredPing = false;
    if (this.open) this.socket.ping();
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
    // A peer that never answers the close must not hold up the end of the process.
    setTimeout(() => this.socket.terminate(), 1_000).unref();
  }

  /** A guild appeared: if it is one for those who wait, in they go. */
  tryDefault(): void {
    this.enqueue(async () => {
      if (!this.waiting || !(await this.services.joins.defaultGuild())) return;
      await this.join({ ...this.waiting, server: 'default', resume: undefined });
    });
  }

  /** The room is gone: the client, which cannot be without one, goes to the default guild. */
  roomEnded(): void {
    this.leave();
    this.enqueue(() => this.join({ server: 'default', password: undefined, resume: undefined, credentials: {} }));
  }

  private async greet(): Promise<void> {
    // Exactly one list, and first: each further one would add a button to the client and make it join again.
    const entries = await this.services.joins.list().catch((error: unknown) => {
      wireFault(error);
      return [];
    });
    this.send(dialect.serverList(entries));
  }

  private receive(data: Buffer, binary: boolean): void {
    this.enqueue(async () => {
      await this.services.admitMessage();
      await this.join(dialect.readMessage(data, binary));
    });
  }

  private enqueue(task: () => Promise<void>): void {
    if (this.pending >= maxWaiting) {
      const fault = new Fault('rate.limited', 'Too many messages are waiting.', { retryAfter: 1 });
      return this.send(dialect.errorFrame(wireFault(fault)));
    }
    this.pending += 1;
    this.work = this.work
      .then(task)
      .catch((error: unknown) => this.send(dialect.errorFrame(wireFault(error))))
      .finally(() => (this.pending -= 1));
  }

  private async join(asked: dialect.ConnectMessage): Promise<void> {
    const guild = asked.server === 'default' ? (await this.services.joins.defaultGuild())?.id : asked.server;
    if (guild === undefined) return this.wait(asked);
    try {
      const cursor = asked.resume ?? undefined;
      await this.services.joins.join({ guild, cursor, credentials: asked.credentials }, (joined) =>
        this.enter(asked, joined),
      );
    } catch (error) {
      // The former room stays in force: the client goes on showing it.
      this.send(dialect.errorFrame(wireFault(error), asked));
    }
  }

  private wait(asked: dialect.ConnectMessage): void {
    this.leave();
    if (!this.open) return;
    this.waiting = asked;
    this.send(dialect.waitingRoom(asked));
  }

  private enter(asked: dialect.ConnectMessage, joined: Joined): void {
    this.leave();
    if (!this.open) return;
    const { room, entry } = joined;
    if (joined.recovered) {
      this.knownFrom = room.offset - joined.missed.length;
      this.send(dialect.serverRejoin(asked, entry.name, joined.cursor));
      for (const event of joined.missed) for (const frame of dialect.eventFrames(event)) this.send(frame);
      this.removeLater(room, joined.missed);
    } else {
      this.knownFrom = room.offset;
      this.send(dialect.serverJoin(asked, joined.snapshot, this.services.maxMembers));
    }
    this.room = room;
    this.services.entered(room);
  }

  private leave(): void {
    this.waiting = undefined;
    for (const timer of this.removals) clearTimeout(timer);
    this.removals.clear();
    const room = this.room;
    this.room = undefined;
    if (room) this.services.left(room);
  }

  /** The others were told of these leaves before this client came back, so it needs its own removals. */
  private removeLater(room: GuildRoom, missed: readonly DomainEvent[]): void {
    const gone = missed.filter((event) => event.type === 'member.left').map((event) => event.data.member.id);
    if (gone.length === 0) return;
    this.knownFrom = room.offset;
    const timer = setTimeout(() => {
      this.removals.delete(timer);
      for (const id of new Set(gone)) if (!room.has(id)) this.send(dialect.removal(room.guildId, id));
    }, this.services.deleteDelayMs);
    this.removals.add(timer);
  }
}

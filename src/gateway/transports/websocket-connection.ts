import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { type DomainEvent } from '../../domain/events/index.js';
import { Fault } from '../../domain/fault.js';
import { Backlog } from '../backlog.js';
import * as dialect from '../dialects/d-zone.dialect.js';
import { type DirectoryEntry } from '../guild-directory.js';
import { type GuildRoom } from '../guild-room.js';
import { type Joined, type JoinService } from '../join.service.js';
import { wireFault } from '../wire-fault.js';
import { type LaneMember, type RoomLane } from './room-lane.js';

/** Messages of one client that may wait for their turn. */
const maxWaiting = 32;

/** What a connection needs of the house. `admitMessage` throws a Fault when the client sends or joins too fast. */
export interface ConnectionServices {
  joins: JoinService;
  /** Where the client is. */
  address: string;
  maxMembers: number;
  deleteDelayMs: number;
  admitMessage(bucket: 'socket' | 'join'): Promise<void>;
  /** The client reads too slowly, and is cut off. */
  cut(): void;
  entered(room: GuildRoom): void;
  left(room: GuildRoom): void;
  /** Bytes of live frames that may wait for this reader. */
  maxBuffered: number;
}

/** One d-zone client: reads its messages one after the other and is in at most one room. */
export class WebSocketConnection implements LaneMember {
  room: GuildRoom | undefined;
  /** The way of the room's live frames; set while in a room. */
  lane: RoomLane<WebSocketConnection> | undefined;
  /** The offset of the room up to which this client knows who is there. */
  knownFrom = 0;
  /** Set while the client waits for an open guild. */
  waiting: dialect.ConnectMessage | undefined;
  /** How the client's room is listed, and how the client called it. */
  private place: { entry: DirectoryEntry; server: string } | undefined;
  private answeredPing = true;
  private work: Promise<void>;
  private pending = 0;
  private called = false;
  private readonly backlog: Backlog;
  private readonly removals = new Set<NodeJS.Timeout>();

  constructor(
    private readonly socket: WebSocket,
    /** The TCP socket under it. */
    private readonly raw: Duplex,
    private readonly services: ConnectionServices,
  ) {
    this.backlog = new Backlog(services.maxBuffered);
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

  /** To this client alone, after what its room already holds for it. */
  send(frame: string): void {
    this.lane?.catchUp(this);
    if (!this.open || this.isTooSlow()) return;
    this.socket.send(frame);
  }

  /** Whole WebSocket frames for everybody in the room. ws writes to the socket at once too, so the order stays. */
  write(joined: Buffer): void {
    if (this.open && !this.isTooSlow()) this.raw.write(joined);
  }

  ping(): void {
    if (!this.answeredPing) return this.socket.terminate();
    this.answeredPing = false;
    if (this.open) this.socket.ping();
  }

  close(code: number, reason: string): void {
    this.lane?.catchUp(this);
    this.socket.close(code, reason);
    // A peer that never answers the close must not hold up the end of the process.
    setTimeout(() => this.socket.terminate(), 1_000).unref();
  }

  /** There may be an open guild by now: if there is, those who wait go in. If not, they go on waiting, unanswered. */
  tryDefault(): void {
    if (this.called) return;
    this.called = true;
    this.next(async () => {
      this.called = false;
      if (!this.waiting) return;
      await this.goIn({ ...this.waiting, server: 'default', resume: undefined });
    });
  }

  /** The room is gone: the client, which cannot be without one, goes to the default guild. */
  roomEnded(): void {
    this.leave();
    this.next(async () => {
      // It may have been on its way into another room.
      if (this.room || this.waiting) return;
      await this.join(dialect.connectTo('default'));
    });
  }

  /** A reader too slow for its room is cut off, so that it costs the others nothing. */
  private isTooSlow(): boolean {
    if (!this.backlog.tooMuch(this.socket.bufferedAmount)) return false;
    this.services.cut();
    this.socket.terminate();
    return true;
  }

  /** As if the client had sent it; after the server list, as everything is. */
  connect(asked: dialect.ConnectMessage): void {
    this.next(() => this.join(asked, () => this.services.admitMessage('join')));
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
    if (this.pending >= maxWaiting) {
      const fault = new Fault('rate.limited', 'Too many messages are waiting.', { retryAfter: 1 });
      return this.send(dialect.errorFrame(wireFault(fault)));
    }
    this.pending += 1;
    this.next(async () => {
      this.pending -= 1;
      await this.services.admitMessage('socket');
      const message = dialect.readMessage(data, binary);
      if (message.type === 'snapshot') return this.sendSnapshot();
      await this.join(message.connect, () => this.services.admitMessage('join'));
    });
  }

  private next(task: () => Promise<void>): void {
    this.work = this.work
      .then(() => (this.open ? task() : undefined))
      .catch((error: unknown) => this.send(dialect.errorFrame(wireFault(error))));
  }

  private async join(asked: dialect.ConnectMessage, admit?: () => Promise<void>): Promise<void> {
    try {
      await admit?.();
      if (!(await this.goIn(asked))) this.wait(asked);
    } catch (error) {
      const fault = wireFault(error);
      // Without a world the client would answer an error by asking for the default guild, again and again.
      if (asked.server === 'default' && !this.room) this.wait(asked);
      // The former room stays in force: the client goes on showing it.
      else this.send(dialect.errorFrame(fault, asked));
    }
  }

  /** False when the default guild is meant and there is none. */
  private async goIn(asked: dialect.ConnectMessage): Promise<boolean> {
    const { joins, address } = this.services;
    const guild = asked.server === 'default' ? (await joins.defaultGuild())?.id : asked.server;
    if (guild === undefined) return false;
    const cursor = asked.resume ?? undefined;
    const request = { transport: 'websocket' as const, guild, cursor, credentials: asked.credentials, address };
    await joins.join(request, (joined) => this.enter(asked, joined));
    return true;
  }

  private sendSnapshot(): void {
    const { room, place } = this;
    if (!room || !place) throw new Fault('request.invalid', 'There is no room to show: connect to a server first');
    this.lane?.catchUp(this);
    const snapshot = room.snapshot(place.entry);
    const { cursor } = room;
    const joined: Joined = { room, entry: place.entry, recovered: false, cursor, snapshot };
    this.knownFrom = room.offset;
    if (!this.sendAnswer(this.framesOf(dialect.connectTo(place.server), joined))) this.socket.terminate();
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
    const { room } = joined;
    this.knownFrom = room.offset - (joined.recovered ? joined.missed.length : 0);
    if (!this.sendAnswer(this.framesOf(asked, joined))) return this.socket.terminate();
    if (joined.recovered) this.removeLater(room, joined.missed);
    this.room = room;
    this.place = { entry: joined.entry, server: asked.server };
    this.services.entered(room);
  }

  private framesOf(asked: dialect.ConnectMessage, joined: Joined): Buffer[] {
    return this.textsOf(asked, joined).map((text) => Buffer.from(text));
  }

  private textsOf(asked: dialect.ConnectMessage, joined: Joined): string[] {
    const { room, entry } = joined;
    if (joined.recovered) {
      return [dialect.serverRejoin(asked, entry.name, joined.cursor), ...joined.missed.flatMap(dialect.eventFrames)];
    }
    const { maxMembers } = this.services;
    const users = room.snapshotText(entry, 'd-zone', (snapshot) => dialect.usersText(snapshot, maxMembers));
    return [dialect.serverJoin(asked, joined.snapshot, users)];
  }

  private sendAnswer(frames: Buffer[]): boolean {
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    if (!this.backlog.takesAnswer(this.socket.bufferedAmount, bytes)) {
      this.services.cut();
      return false;
    }
    for (const frame of frames) this.socket.send(frame, { binary: false });
    return true;
  }

  private leave(): void {
    this.waiting = undefined;
    for (const timer of this.removals) clearTimeout(timer);
    this.removals.clear();
    const room = this.room;
    this.room = undefined;
    this.place = undefined;
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

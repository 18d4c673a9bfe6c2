import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { type Closing, closingFor } from '../../domain/closing.js';
import { type DomainEvent } from '../../domain/events/index.js';
import { Fault } from '../../domain/fault.js';
import { Backlog } from '../backlog.js';
import { closingTime, type Connection } from '../connections.js';
import * as dialect from '../dialects/d-zone.dialect.js';
import { type DirectoryEntry } from '../guild-directory.js';
import { type Credentials } from '../guild-access.js';
import { type GuildRoom } from '../guild-room.js';
import { type Joined } from '../join.service.js';
import { MessageBudget } from '../message-budget.js';
import { type SharedBytes, sharedBytesOf } from '../shared-bytes.js';
import { type Visit } from '../visits.js';
import { type WireFault, wireFault } from '../wire-fault.js';
import { type ConnectionServices } from './connection-services.js';
import { cutOnceUnread, cutSocket } from './cut-socket.js';
import { LateRemovals } from './late-removals.js';
import { type LaneMember, type RoomLane } from './room-lane.js';
import { framePieces, webSocketFrame, writePieces } from './web-socket-frame.js';

/** Messages of one client that may wait for their turn. */
const maxWaiting = 32;

const serverList = sharedBytesOf(dialect.serverList);

/** One d-zone client: reads its messages one after the other and is in at most one room. */
export class WebSocketConnection implements LaneMember, Connection {
  readonly transport = 'websocket';
  room: GuildRoom | undefined;
  /** The way of the room's live frames; set while in a room. */
  lane: RoomLane<WebSocketConnection> | undefined;
  /** The offset of the room up to which this client knows who is there. */
  knownFrom = 0;
  /** Set while the client waits for an open guild. */
  waitsFor: dialect.ConnectMessage | undefined;
  /** How the client's room is listed, and how the client called it. */
  private place: { entry: DirectoryEntry; server: string } | undefined;
  private answeredPing = true;
  private work: Promise<void>;
  private pending = 0;
  private called = false;
  private budget: MessageBudget | undefined;
  private handshake: NodeJS.Timeout | undefined;
  private readonly backlog: Backlog;
  private readonly removals: LateRemovals;
  private visit: Visit | undefined;

  constructor(
    private readonly socket: WebSocket,
    /** The TCP socket under it. */
    private readonly raw: Duplex,
    readonly address: string,
    private readonly services: ConnectionServices<WebSocketConnection>,
    /** What it showed when it was opened, such as the cookie of a login. */
    private readonly shown: Credentials,
  ) {
    this.removals = new LateRemovals(services.deleteDelayMs);
    this.backlog = new Backlog(services.maxBuffered);
    this.work = this.greet();
    this.handshake = setTimeout(() => this.close(closingFor('silent')), services.handshakeMs).unref();
    socket.on('message', (data, binary) => this.receive(data as Buffer, binary));
    socket.on('pong', () => (this.answeredPing = true));
    // A frame that breaks the WebSocket protocol or its bounds: ws answers with the right close code by itself.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(this.handshake);
      this.leave();
    });
  }

  get open(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  waiting(): number {
    return this.socket.bufferedAmount;
  }

  /** To this client alone, after what its room already holds for it. */
  send(frame: string): void {
    this.lane?.catchUp(this);
    if (this.open && !this.isTooSlow()) this.socket.send(frame);
  }

  /** Whole WebSocket frames for everybody in the room. ws writes to the socket at once too, so the order stays. */
  write(joined: Buffer): void {
    if (this.open && !this.isTooSlow()) this.raw.write(joined);
  }

  ping(): void {
    if (!this.answeredPing) return cutSocket(this.raw);
    this.answeredPing = false;
    if (this.open) this.socket.ping();
  }

  close({ code, reason }: Closing): void {
    if (!this.open) return;
    if (reason !== 'slow-consumer') this.lane?.catchUp(this);
    this.socket.close(code, reason);
    this.leave();
    // A peer that never answers the close must not hold up the end of the process.
    setTimeout(() => cutSocket(this.raw), closingTime(reason)).unref();
  }

  /** There may be an open guild by now: if there is, those who wait go in. If not, they go on waiting, unanswered. */
  tryDefault(): void {
    if (this.called) return;
    this.called = true;
    this.next(async () => {
      this.called = false;
      if (!this.waitsFor) return;
      await this.goIn({ ...this.waitsFor, server: 'default', resume: undefined });
    });
  }

  /** The room is gone, or goes on without the client, which cannot be without one: it goes to the default guild. */
  roomEnded(farewell?: string): void {
    this.lane?.catchUp(this);
    if (farewell !== undefined) this.send(farewell);
    this.leave();
    this.next(async () => {
      // It may have been on its way into another room.
      if (this.room || this.waitsFor) return;
      await this.join(dialect.connectTo('default'));
    });
  }

  /** As if the client had sent it; after the server list, as everything is. */
  connect(asked: dialect.ConnectMessage): void {
    this.next(() => this.join(asked, () => this.mayJoin()));
  }

  /** A reader too slow for its room is cut off, so that it costs the others nothing. */
  private isTooSlow(): boolean {
    if (!this.backlog.tooMuch(this.raw.writableLength)) return false;
    this.cut();
    return true;
  }

  private cut(): void {
    this.services.cut();
    this.close(closingFor('slow-consumer'));
    cutOnceUnread(this.raw);
  }

  private async greet(): Promise<void> {
    // Exactly one list, and first: each further one would add a button to the client and make it join again.
    const entries = await this.services.joins.list().catch((error: unknown) => {
      wireFault(error);
      return [];
    });
    if (this.open) this.sendAround('', serverList(entries), '');
  }

  private receive(data: Buffer, binary: boolean): void {
    this.budget ??= new MessageBudget(this.services.rates);
    const retryAfter = this.budget.take('messages');
    if (this.budget.flooded) return this.close(closingFor('flood'));
    if (retryAfter !== undefined || this.pending >= maxWaiting) {
      const fault = new Fault('rate.limited', 'Messages come too fast.', { retryAfter: retryAfter ?? 1 });
      return this.send(dialect.errorFrame(wireFault(fault)));
    }
    this.pending += 1;
    this.next(async () => {
      this.pending -= 1;
      await this.services.ask('socket', this.address);
      const message = dialect.readMessage(data, binary);
      if (message.type === 'snapshot') return this.sendSnapshot();
      await this.join(message.connect, () => this.mayJoin());
    });
  }

  /** @throws Fault `rate.limited` */
  private async mayJoin(): Promise<void> {
    clearTimeout(this.handshake);
    this.handshake = undefined;
    this.budget ??= new MessageBudget(this.services.rates);
    const retryAfter = this.budget.take('joins');
    if (retryAfter !== undefined) throw new Fault('rate.limited', 'Rooms are entered too fast.', { retryAfter });
    await this.services.ask('join', this.address);
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
      else await this.refuse(fault, asked);
    }
  }

  private async refuse(fault: WireFault, asked: dialect.ConnectMessage): Promise<void> {
    const { joins, clientId } = this.services;
    const entry = fault.code === 'guild.guarded' && clientId !== undefined ? await joins.find(asked.server) : undefined;
    // Where it may log in, before it is told that it has to.
    if (entry?.door === 'discord' && clientId !== undefined) this.send(dialect.clientIdFrame(entry.id, clientId));
    this.send(dialect.errorFrame(fault, asked));
  }

  /** False when the default guild is meant and there is none. */
  private async goIn(asked: dialect.ConnectMessage): Promise<boolean> {
    const { joins } = this.services;
    const guild = asked.server === 'default' ? (await joins.defaultGuild())?.id : asked.server;
    if (guild === undefined) return false;
    const cursor = asked.resume ?? undefined;
    const { transport, address } = this;
    const credentials = { ...this.shown, ...asked.credentials };
    const request = { transport, guild, cursor, credentials, address } as const;
    await joins.join(request, (joined) => this.enter(asked, joined));
    return true;
  }

  private sendSnapshot(): void {
    const { room, place } = this;
    if (!room || !place) throw new Fault('request.invalid', 'There is no room to show: connect to a server first');
    this.lane?.catchUp(this);
    this.knownFrom = room.offset;
    this.sendWorld(dialect.connectTo(place.server), room, place.entry);
  }

  private wait(asked: dialect.ConnectMessage): void {
    this.leave();
    if (!this.open) return;
    this.waitsFor = asked;
    this.send(dialect.waitingRoom(asked));
  }

  private enter(asked: dialect.ConnectMessage, joined: Joined): void {
    this.leave();
    if (!this.open) return;
    const { room, entry } = joined;
    this.knownFrom = room.offset - (joined.recovered ? joined.missed.length : 0);
    const sent = joined.recovered ? this.sendMissed(asked, joined) : this.sendWorld(asked, room, entry);
    if (!sent) return;
    if (joined.recovered) this.removeLater(room, joined.missed);
    this.room = room;
    this.place = { entry, server: asked.server };
    this.services.entered(this, room);
    this.visit = joined.visit;
    this.visit?.begin((reason) => this.roomEnded(dialect.lettingOut(reason)));
  }

  private sendWorld(asked: dialect.ConnectMessage, room: GuildRoom, entry: DirectoryEntry): boolean {
    const { before, after } = dialect.aroundUsers(asked, room.snapshot(entry), this.services.clientId);
    return this.sendAround(before, room.snapshotBytes(entry, this.services.snapshots), after);
  }

  private sendMissed(asked: dialect.ConnectMessage, joined: Joined & { recovered: true }): boolean {
    const frames = joined.missed.flatMap(dialect.eventFrames);
    return this.answer([dialect.serverRejoin(asked, joined.entry.name, joined.cursor), ...frames].map(webSocketFrame));
  }

  private sendAround(before: string, shared: SharedBytes, after: string): boolean {
    const deflated = this.socket.extensions.includes('permessage-deflate');
    return this.answer(framePieces(before, shared, after, deflated));
  }

  /** All in one write. False for a reader who was cut off instead. */
  private answer(pieces: readonly Buffer[]): boolean {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const taken = this.backlog.takesAnswer(this.raw.writableLength, bytes);
    if (taken) writePieces(this.raw, pieces);
    else this.cut();
    return taken;
  }

  private leave(): void {
    this.waitsFor = undefined;
    this.removals.clear();
    this.visit?.end();
    this.visit = undefined;
    const room = this.room;
    this.room = undefined;
    this.place = undefined;
    if (room) this.services.left(this, room);
  }

  /** The others were told of these leaves before this client came back, so it needs its own removals. */
  private removeLater(room: GuildRoom, missed: readonly DomainEvent[]): void {
    const gone = missed.filter((event) => event.type === 'member.left').map((event) => event.data.member.id);
    if (gone.length === 0) return;
    this.knownFrom = room.offset;
    this.removals.add(() => {
      for (const id of new Set(gone)) if (!room.has(id)) this.send(dialect.removal(room.guildId, id));
    });
  }
}

import { WebSocket } from 'ws';
import { type Ask, type DrawnFrame, type DrawnUser, RoomDriver, type RoomListener } from './room-driver.js';

interface JoinData {
  users?: Record<string, DrawnUser>;
  request: { server: string };
  cursor: string;
  recovered: boolean;
}

interface Question {
  ask: Ask;
  /** Of the room that the client is in, and not for the way into one. */
  refresh: boolean;
  done: () => void;
}

/**
 * The d-zone dialect over WebSocket: one room at a time, answers in the order of the questions. The first room is
 * asked for by a message, or `byPath` by the address.
 */
export class WebSocketDriver extends RoomDriver {
  private socket: WebSocket | undefined;
  private opened: Promise<void> | undefined;
  private room: string | undefined;
  private frames = 0;
  private readonly asked: Question[] = [];
  private readonly barriers: (() => void)[] = [];

  constructor(
    url: string,
    listener: RoomListener,
    patience: number,
    private readonly byPath: boolean,
  ) {
    super(url, listener, patience);
  }

  open(): Promise<void> {
    return this.byPath ? Promise.resolve() : this.upgrade('/ws');
  }

  async join(ask: Ask): Promise<void> {
    const { guildId, cursor } = ask;
    if (!this.socket) {
      const query = cursor === undefined ? '' : `?${new URLSearchParams({ cursor }).toString()}`;
      const answer = this.answerTo(ask, false);
      await this.upgrade(`/ws/guilds/${guildId}${query}`);
      return this.answered(`path of ${guildId}`, answer);
    }
    await this.ready();
    if (this.dead) return;
    const answer = this.answerTo(ask, false);
    this.send({ type: 'connect', data: { server: guildId, ...(cursor !== undefined && { resume: cursor }) } });
    return this.answered(`connect ${guildId}`, answer);
  }

  /** A d-zone client leaves a room by entering another, and only so. */
  leave(): Promise<void> {
    return Promise.resolve();
  }

  override async refresh(): Promise<void> {
    await this.ready();
    // The room in which the client is once everything that was asked before is answered.
    const guildId = this.asked.at(-1)?.ask.guildId ?? this.room;
    if (this.dead || guildId === undefined) return;
    const answer = this.answerTo(this.listener.ask(guildId, 'nowhere'), true);
    this.send({ type: 'snapshot' });
    return this.answered(`snapshot of ${guildId}`, answer);
  }

  barrier(): Promise<void> {
    const answer = new Promise<void>((resolve) => this.barriers.push(resolve));
    this.send({ type: 'barrier' });
    return this.answered('barrier', answer);
  }

  override close(): void {
    super.close();
    this.socket?.terminate();
  }

  private upgrade(path: string): Promise<void> {
    const socket = new WebSocket(this.url.replace(/^http/, 'ws') + path, { agent: this.agent });
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.hear(() => this.heard(JSON.parse(data.toString()) as DrawnFrame)));
    socket.on('close', (code, reason) => this.lost(`${code} ${reason.toString()}`));
    this.opened = new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.on('error', reject);
    });
    return this.ready();
  }

  private ready(): Promise<void> {
    return this.answered('upgrade', this.opened ?? Promise.resolve());
  }

  private answerTo(ask: Ask, refresh: boolean): Promise<void> {
    return new Promise((done) => this.asked.push({ ask, refresh, done }));
  }

  private send(message: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private heard(frame: DrawnFrame): void {
    this.frames += 1;
    if ((frame.type === 'server-list') !== (this.frames === 1)) {
      this.listener.fault(`frame ${this.frames} is a ${frame.type}`);
    } else if (frame.type === 'server-join') {
      this.joined(frame.data as unknown as JoinData);
    } else if (frame.type === 'error') {
      if (frame.data.code === 'request.unknown_type') this.barriers.shift()?.();
      else this.refused(frame);
    } else if (frame.type !== 'server-list') {
      this.listener.frame(frame);
    }
  }

  private joined({ users, request, cursor, recovered }: JoinData): void {
    const next = this.asked.shift();
    if (next?.ask.guildId !== request.server) {
      return this.listener.fault(`server-join of ${request.server} although ${next?.ask.guildId} was asked for`);
    }
    const answer = { recovered, cursor, users };
    if (next.refresh) {
      this.listener.refreshed(next.ask, answer);
    } else {
      if (this.room !== undefined) this.listener.left(this.room);
      this.room = next.ask.guildId;
      this.listener.joined(next.ask, answer);
    }
    next.done();
  }

  private refused(frame: DrawnFrame): void {
    this.listener.fault(`connect or snapshot refused: ${JSON.stringify(frame.data)}`);
    this.asked.shift()?.done();
  }
}

import { WebSocket } from 'ws';
import { type Ask, type DrawnFrame, type DrawnUser, RoomDriver } from './room-driver.js';

interface JoinData {
  users?: Record<string, DrawnUser>;
  request: { server: string };
  cursor: string;
  recovered: boolean;
}

/** The d-zone dialect over WebSocket: one room at a time, answers in the order of the questions. */
export class WebSocketDriver extends RoomDriver {
  private socket: WebSocket | undefined;
  private opened: Promise<void> | undefined;
  private room: string | undefined;
  private frames = 0;
  private readonly asked: { ask: Ask; done: () => void }[] = [];
  private readonly barriers: (() => void)[] = [];

  open(): Promise<void> {
    const socket = new WebSocket(`${this.url.replace(/^http/, 'ws')}/ws`, { agent: this.agent });
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.hear(() => this.heard(JSON.parse(data.toString()) as DrawnFrame)));
    socket.on('close', (code, reason) => this.lost(`${code} ${reason.toString()}`));
    this.opened = new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.on('error', reject);
    });
    return this.answered('upgrade', this.opened);
  }

  async join(ask: Ask): Promise<void> {
    const { guildId, cursor } = ask;
    await this.answered('upgrade', this.opened ?? Promise.resolve());
    if (this.dead) return;
    const answer = new Promise<void>((done) => this.asked.push({ ask, done }));
    this.send({ type: 'connect', data: { server: guildId, ...(cursor !== undefined && { resume: cursor }) } });
    return this.answered(`connect ${guildId}`, answer);
  }

  /** A d-zone client leaves a room by entering another, and only so. */
  leave(): Promise<void> {
    return Promise.resolve();
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
    if (this.room !== undefined) this.listener.left(this.room);
    this.room = next.ask.guildId;
    this.listener.joined(next.ask, { recovered, cursor, users });
    next.done();
  }

  private refused(frame: DrawnFrame): void {
    this.listener.fault(`connect refused: ${JSON.stringify(frame.data)}`);
    this.asked.shift()?.done();
  }
}

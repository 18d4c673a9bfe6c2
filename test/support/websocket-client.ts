import { once } from 'node:events';
import { type ClientRequestArgs } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';

export interface Frame {
  type: string;
  server?: string;
  cursor?: string;
  data: Record<string, unknown>;
}

/** A d-zone client for tests: keeps every frame it got, and waits for those to come. */
export class WebSocketClient {
  readonly frames: Frame[] = [];
  closed: { code: number; reason: string } | undefined;
  private read = 0;
  private readonly waiting = new Set<() => void>();

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, binary) => {
      if (binary) throw new Error('a binary frame came');
      this.frames.push(JSON.parse(data.toString()) as Frame);
      this.wake();
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.wake();
    });
    socket.on('error', () => undefined);
  }

  /** `url` is the application's http address. */
  static async open(
    url: string,
    path = '/ws',
    options: ClientOptions & ClientRequestArgs = {},
  ): Promise<WebSocketClient> {
    const socket = new WebSocket(url.replace(/^http/, 'ws') + path, options);
    const client = new WebSocketClient(socket);
    await once(socket, 'open');
    return client;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  connect(data: Record<string, unknown>): void {
    this.send({ type: 'connect', data });
  }

  /** The next frame that was not read yet. */
  async next(timeout = 5_000): Promise<Frame> {
    await this.until(() => this.frames.length > this.read, timeout);
    const frame = this.frames[this.read];
    if (!frame) throw new Error('closed before the next frame');
    this.read += 1;
    return frame;
  }

  /** The next unread frame of a type; those before it count as read. */
  async nextOf(type: string, timeout = 5_000): Promise<Frame> {
    for (;;) {
      const frame = await this.next(timeout);
      if (frame.type === type) return frame;
    }
  }

  /**
   * All frames up to now: the answer to a message sent now comes after everything that was sent to this client before.
   */
  async settled(): Promise<Frame[]> {
    const before = this.frames.length;
    this.send('settle?');
    await this.until(() => this.frames.slice(before).some((frame) => frame.data.message === 'Invalid JSON'), 5_000);
    return this.frames.filter((frame) => frame.data.message !== 'Invalid JSON');
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.until(() => this.closed !== undefined, 5_000);
  }

  async until(condition: () => boolean, timeout: number): Promise<void> {
    const deadline = Date.now() + timeout;
    while (!condition()) {
      if (this.closed && !condition()) return;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`nothing within ${timeout} ms; frames: ${JSON.stringify(this.frames.slice(-5))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, left);
        const waiting = this.waiting;
        function done() {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  private wake(): void {
    for (const done of [...this.waiting]) done();
  }
}

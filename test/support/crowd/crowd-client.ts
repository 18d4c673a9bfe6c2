import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const sentMark = Buffer.from(':"at ');
const [space, zero, nine, colon] = [0x20, 0x30, 0x39, 0x3a];

/**
 * One of many clients, on a TCP socket of its own, that speaks just enough to be in a room. It keeps none of its events,
 * but sees to it that each has the place behind the one before.
 */
export abstract class CrowdClient {
  /** The place of the newest event. */
  offset = 0;
  /** The first thing that should not have come. */
  fault: string | undefined;
  ended = false;
  /** Set to note how many milliseconds each event took. */
  latencies: number[] | undefined;
  /** The answers that came before the room was entered. */
  protected text = '';
  private inside = false;
  private rest: Buffer | undefined;
  private readonly waiting = new Set<() => void>();

  protected constructor(
    protected readonly socket: Socket,
    /** What stands behind an event's cursor, by its length alone. */
    private readonly afterCursor: string,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (data) => this.hear(data));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.ended = true;
      this.wake();
    });
  }

  /** Enters the room, whose newest event is at `offset`; none may happen meanwhile. */
  async enter(guildId: string, offset: number): Promise<this> {
    await this.goIn(guildId);
    this.offset = offset;
    this.inside = true;
    return this;
  }

  /** Reads no more: the buffers of the system fill, then those of the server. */
  stall(): void {
    this.socket.pause();
  }

  /** Reads on, and ends with the connection. */
  async drain(): Promise<void> {
    this.socket.resume();
    while (!this.ended) await this.change();
  }

  /** Ends once the newest event is at `offset` or behind it. */
  async reach(offset: number): Promise<void> {
    while (this.offset < offset) {
      if (this.ended || this.fault !== undefined) {
        throw new Error(`a client is at ${this.offset} of ${offset}: ${this.fault ?? 'its connection ended'}`);
      }
      await this.change();
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  protected abstract goIn(guildId: string): Promise<void>;

  /** Takes the whole messages at the beginning of `data`; answers how many bytes they have. */
  protected abstract take(data: Buffer): number;

  /** An event, in the bytes from `start` up to `end`. */
  protected event(data: Buffer, start: number, end: number): void {
    let at = end - this.afterCursor.length - 1;
    let offset = 0;
    for (let scale = 1, digit = data[at] ?? 0; digit >= zero && digit <= nine; scale *= 10) {
      offset += (digit - zero) * scale;
      digit = data[--at] ?? 0;
    }
    if (data[at] !== colon || offset !== this.offset + 1) this.complain(data.toString('utf8', start, end));
    this.offset = offset;
    if (!this.latencies) return;
    const sent = data.indexOf(sentMark, start) + sentMark.length;
    this.latencies.push(Date.now() - Number(data.toString('latin1', sent, data.indexOf(space, sent))));
  }

  /** What is no event. Once the client is in the room there is no such thing for it. */
  protected other(text: string): void {
    if (this.inside) this.complain(text);
    else this.text += text;
  }

  /** Ends once `part` is in the answers. */
  protected async hears(part: string): Promise<void> {
    while (!this.text.includes(part)) {
      if (this.ended) throw new Error(`the connection ended before ${part}: ${this.text}`);
      await this.change();
    }
  }

  private complain(text: string): void {
    this.fault ??= `after event ${this.offset} came ${text}`;
  }

  private hear(data: Buffer): void {
    const all = this.rest ? Buffer.concat([this.rest, data]) : data;
    const taken = this.take(all);
    this.rest = taken === all.length ? undefined : all.subarray(taken);
    this.wake();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve));
  }

  private wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const done of waiting) done();
  }
}

/** `url` is the application's http address. */
export async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, 'connect');
  return socket;
}

import { type Socket } from 'node:net';
import { connectTo, CrowdClient } from './crowd-client.js';

const lineEnd = '\r\n';
const headEnd = '\r\n\r\n';
/** Between the packets of one answer to a poll. */
const separator = 0x1e;

/** A client of an event stream. */
export class StreamCrowdClient extends CrowdClient {
  private begun = false;

  static async open(url: string): Promise<StreamCrowdClient> {
    return new StreamCrowdClient(await connectTo(url), '","at":"2026-01-01T00:00:00.000Z"}\n\n');
  }

  protected async goIn(guildId: string): Promise<void> {
    const request = [`GET /api/v1/guilds/${guildId}/events HTTP/1.1`, 'Host: x', 'Accept: text/event-stream'];
    this.socket.write(request.join(lineEnd) + headEnd);
    await this.hears('event: snapshot');
  }

  /** Chunks of the body (RFC 9112, section 7.1), each of them one block of the stream. */
  protected take(data: Buffer): number {
    let at = 0;
    if (!this.begun) {
      const head = data.indexOf(headEnd);
      if (head === -1) return 0;
      this.begun = true;
      at = head + headEnd.length;
    }
    for (;;) {
      const line = data.indexOf(lineEnd, at);
      if (line === -1) return at;
      const start = line + lineEnd.length;
      const end = start + parseInt(data.toString('latin1', at, line), 16);
      if (data.length < end + lineEnd.length) return at;
      // event: message.created, or a heartbeat.
      if (data[start + 7] === 0x6d) this.event(data, start, end);
      else if (data[start + 7] !== 0x68) this.other(data.toString('utf8', start, end));
      at = end + lineEnd.length;
    }
  }
}

/** A client of socket.io that polls: upon each answer it asks for the next. */
export class PollingCrowdClient extends CrowdClient {
  private session = '';
  private stalled = false;
  private readonly parts: Buffer[] = [];
  private missing = 0;

  static async open(url: string): Promise<PollingCrowdClient> {
    return new PollingCrowdClient(await connectTo(url), '","at":"2026-01-01T00:00:00.000Z"}]', url);
  }

  private constructor(
    socket: Socket,
    afterCursor: string,
    private readonly url: string,
  ) {
    super(socket, afterCursor);
  }

  /** The poll that is under way is its last. */
  override stall(): void {
    this.stalled = true;
    super.stall();
  }

  /** Says so: where no poll is under way, the server would not hear of it. */
  override destroy(): void {
    super.destroy();
    void this.post('1').catch(() => undefined);
  }

  /** Polls until the server says that there is no such client. */
  override async drain(): Promise<void> {
    for (;;) {
      const response = await fetch(this.url + this.session);
      await response.arrayBuffer();
      if (response.status === 400) break;
    }
    this.socket.end();
    await super.drain();
  }

  protected async goIn(guildId: string): Promise<void> {
    const path = '/socket.io/?EIO=4&transport=polling';
    const hello = await (await fetch(this.url + path)).text();
    this.session = `${path}&sid=${(JSON.parse(hello.slice(1)) as { sid: string }).sid}`;
    this.poll();
    await this.post('40');
    await this.hears('40{');
    await this.post(`42["join",{"guildId":"${guildId}"}]`);
    await this.hears('42["joined"');
  }

  /** Answers that tell their length (RFC 9112, section 6.2), one after the other. */
  protected take(data: Buffer): number {
    let at = 0;
    while (at < data.length) {
      if (this.missing === 0) {
        const head = data.indexOf(headEnd, at);
        if (head === -1) break;
        this.missing = Number(/content-length: (\d+)/i.exec(data.toString('latin1', at, head))?.[1]);
        at = head + headEnd.length;
      }
      const part = data.subarray(at, at + this.missing);
      this.parts.push(part);
      this.missing -= part.length;
      at += part.length;
      if (this.missing === 0) this.packets(Buffer.concat(this.parts.splice(0)));
    }
    return at;
  }

  private packets(body: Buffer): void {
    for (let start = 0, end: number; start < body.length; start = end + 1) {
      end = body.indexOf(separator, start);
      if (end === -1) end = body.length;
      // 42["message.created", or a ping of engine.io.
      if (body[start + 4] === 0x6d) this.event(body, start, end);
      else if (end === start + 1 && body[start] === 0x32) void this.post('3');
      else this.other(body.toString('utf8', start, end));
    }
    if (!this.stalled) this.poll();
  }

  private poll(): void {
    this.socket.write(`GET ${this.session} HTTP/1.1${lineEnd}Host: x${headEnd}`);
  }

  private async post(body: string): Promise<void> {
    await (await fetch(this.url + this.session, { method: 'POST', body })).arrayBuffer();
  }
}

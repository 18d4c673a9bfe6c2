import { upgradeHeaders } from '../raw-socket.js';
import { connectTo, CrowdClient } from './crowd-client.js';

const [textFrame, pingFrame] = [1, 9];
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/** A masked text frame, as clients must send them. A mask of zeros is a valid one, and leaves the text as it is. */
function maskedFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

/** What comes in unmasked WebSocket frames (RFC 6455, section 5.2). */
abstract class FrameCrowdClient extends CrowdClient {
  private upgraded = false;

  protected abstract frame(data: Buffer, start: number, end: number): void;

  protected upgrade(path: string): void {
    this.socket.write([`GET ${path} HTTP/1.1`, ...upgradeHeaders, '', ''].join('\r\n'));
  }

  protected say(text: string): void {
    this.socket.write(maskedFrame(text));
  }

  protected take(data: Buffer): number {
    let at = 0;
    if (!this.upgraded) {
      const head = data.indexOf('\r\n\r\n');
      if (head === -1) return 0;
      this.upgraded = true;
      at = head + 4;
    }
    while (data.length - at >= 2) {
      const [kind = 0, short = 0] = [data[at], data[at + 1]];
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (data.length - at < head) break;
      const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : data.readUIntBE(at + 4, 6);
      const start = at + head;
      if (data.length - start < length) break;
      at = start + length;
      if ((kind & 0x0f) === textFrame) this.frame(data, start, at);
      else if ((kind & 0x0f) === pingFrame) this.socket.write(pong);
      else this.other(`a frame of kind ${kind & 0x0f}: ${data.toString('utf8', start, at)}`);
    }
    return at;
  }
}

/** A client of d-zone. */
export class ZoneCrowdClient extends FrameCrowdClient {
  static async open(url: string): Promise<ZoneCrowdClient> {
    return new ZoneCrowdClient(await connectTo(url), '"}');
  }

  protected async goIn(guildId: string): Promise<void> {
    this.upgrade(`/ws/guilds/${guildId}`);
    await this.hears('{"type":"server-join"');
  }

  protected frame(data: Buffer, start: number, end: number): void {
    // {"type":"message": the letters at these places are those of no other type.
    if (data[start + 9] === 0x6d && data[start + 13] === 0x61) this.event(data, start, end);
    else this.other(data.toString('utf8', start, end));
  }
}

/** A client of socket.io over WebSocket. */
export class SocketIoCrowdClient extends FrameCrowdClient {
  static async open(url: string): Promise<SocketIoCrowdClient> {
    return new SocketIoCrowdClient(await connectTo(url), '","at":"2026-01-01T00:00:00.000Z"}]');
  }

  protected async goIn(guildId: string): Promise<void> {
    this.upgrade('/socket.io/?EIO=4&transport=websocket');
    await this.hears('0{"sid"');
    this.say('40');
    await this.hears('40{');
    this.say(`42["join",{"guildId":"${guildId}"}]`);
    await this.hears('42["joined"');
  }

  protected frame(data: Buffer, start: number, end: number): void {
    // 42["message.created", or a ping of engine.io.
    if (data[start + 4] === 0x6d) this.event(data, start, end);
    else if (end === start + 1 && data[start] === 0x32) this.say('3');
    else this.other(data.toString('utf8', start, end));
  }
}

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A TCP connection to the application for tests that say what no library would say. */
export class RawSocket {
  received = '';
  /** The other side has ended or cut the connection. */
  ended = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (this.received += chunk));
    socket.on('end', () => (this.ended = true));
    socket.on('close', () => (this.ended = true));
    socket.on('error', () => undefined);
  }

  /** `url` is the application's http address. `halfOpen`: stays when the other side has ended. */
  static async open(url: string, { halfOpen = false } = {}): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: halfOpen });
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  /** Lines of a request without a body; the empty line at its end is added. */
  request(...lines: string[]): void {
    this.socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** The headers with which a client asks for WebSocket. */
export const upgradeHeaders = [
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

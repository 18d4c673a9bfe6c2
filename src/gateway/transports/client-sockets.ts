import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';

/** Milliseconds for a client to answer a close. */
const closeTimeout = 5_000;

/** An offer to inflate with less than the whole window (RFC 7692, section 7.1.2.1). */
const smallWindow = /server_max_window_bits(?!\s*=\s*"?15)/i;

/**
 * The WebSockets of clients, by one library for every transport: engine.io's own copy of it answers pings without an
 * end when nobody reads the answers.
 */
export class ClientSockets extends WebSocketServer {
  constructor(options: ServerOptions) {
    // The library's types do not know this option yet.
    super({ ...options, closeTimeout } as ServerOptions);
  }

  /**
   * What everybody gets is deflated once, with the whole window. The library would agree to a smaller one, and with
   * options that forbid it would refuse the client instead of its offer.
   */
  override handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    accept: (webSocket: WebSocket, request: IncomingMessage) => void,
  ): void {
    const { headers } = request;
    const offers = headers['sec-websocket-extensions']?.split(',').filter((offer) => !smallWindow.test(offer)) ?? [];
    if (offers.length > 0) headers['sec-websocket-extensions'] = offers.join(',').trim();
    else delete headers['sec-websocket-extensions'];
    super.handleUpgrade(request, socket, head, accept);
  }
}

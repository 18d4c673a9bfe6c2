import { type ServerOptions, WebSocketServer } from 'ws';

/** Milliseconds for a client to answer a close. */
const closeTimeout = 5_000;

/**
 * The WebSockets of clients, by one library for every transport: engine.io's own copy of it answers pings without an
 * end when nobody reads the answers.
 */
export class ClientSockets extends WebSocketServer {
  constructor(options: ServerOptions) {
    // The library's types do not know this option yet.
    super({ ...options, closeTimeout } as ServerOptions);
  }
}

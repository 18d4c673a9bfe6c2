import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';
import { type Socket } from 'node:net';

/**
 * Whether a request offers an upgrade that means nothing here and can be answered as if it did not. curl and Java's
 * client offer HTTP/2 with their first request. Node gives us the whole connection then, and a body would be lost.
 */
export function isDeclinable({ method, headers }: IncomingMessage): boolean {
  const websocket = headers.upgrade?.toLowerCase() === 'websocket';
  return !websocket && (method === 'GET' || method === 'HEAD') && headers['transfer-encoding'] === undefined;
}

/** Answers by plain HTTP, as the standard lets a server do (RFC 9110, section 7.8), and ends the connection after it. */
export function declineUpgrade(server: Server, request: IncomingMessage, socket: Duplex): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Socket);
  response.once('finish', () => socket.end(() => socket.destroy()));
  // Nobody else reads here any more, and only who reads hears that the client is gone.
  socket.once('end', () => socket.destroy());
  socket.resume();
  server.emit('request', request, response);
}

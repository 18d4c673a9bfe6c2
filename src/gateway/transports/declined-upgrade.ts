import { type IncomingMessage, type Server } from 'node:http';
import { type Duplex } from 'node:stream';

/** What only says that another protocol is offered. */
const offers = new Set(['upgrade', 'http2-settings']);

/** Whether a request offers a protocol that means nothing here. curl and Java's client offer HTTP/2 with their first. */
export function isDeclinable({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() !== 'websocket';
}

/**
 * Goes on by plain HTTP as if nothing had been offered, as the standard lets a server do (RFC 9110, section 7.8). Node
 * has given up the connection by then: it gets it back as a new one, with the request in front, body and all.
 */
export function declineUpgrade(server: Server, request: IncomingMessage, socket: Duplex, rest: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  const { rawHeaders } = request;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (offers.has(name.toLowerCase())) continue;
    const kept = name.toLowerCase() === 'connection' ? withoutOffers(value) : value;
    lines.push(`${name}: ${kept}`);
  }
  // Latin-1 is how Node reads a head.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]));
  server.emit('connection', socket);
}

function withoutOffers(tokens: string): string {
  const kept = tokens.split(',').filter((token) => !offers.has(token.trim().toLowerCase()));
  return kept.join(',').trim() || 'keep-alive';
}

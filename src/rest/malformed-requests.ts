import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { problemOf, type Refusal } from './problem.js';

/** Milliseconds for the rest of a refused request to come in: cutting it off at once could take the answer along. */
const patience = 1_000;

const unreadable: Refusal = { status: 400, code: 'request.invalid', detail: 'This is not a request of HTTP/1.1.' };

/** By the code of the parser's error. */
const known: Record<string, Refusal | undefined> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'request.too_large', detail: 'The head of the request is too long.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'request.too_large',
    detail: 'The body of the request says more about its chunks than it may.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'request.invalid', detail: 'The request did not come in time.' },
};

/** What Node hangs on a socket whose request is being answered. */
type RequestSocket = Socket & { _httpMessage?: ServerResponse | null };

/**
 * Gives requests that no handler ever sees, since HTTP itself cannot read them, problem details like all others; Node
 * would answer without a body. The connection ends with it.
 */
export function answerMalformedRequests(server: Server): void {
  const answered = new WeakSet<Socket>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket: RequestSocket) => {
    // The parser complains again about whatever else comes in.
    if (answered.has(socket)) return;
    answered.add(socket);
    const pending = socket._httpMessage;
    // Inside an answer that has begun, a second one would be read as a part of it.
    if (!socket.writable || pending?.headersSent) return void socket.destroy();
    socket.end(answerTo(error.code));
    // Its handler goes on, and must not write behind this answer.
    if (pending) return void socket.destroy();
    const late = setTimeout(() => socket.destroy(), patience).unref();
    socket.once('close', () => clearTimeout(late));
  });
}

function answerTo(code = ''): string {
  // Which path was asked for is not known: an empty reference means just that request (RFC 3986, section 4.4).
  const problem = problemOf(known[code] ?? unreadable, '');
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Connection: close',
    'Content-Type: application/problem+json; charset=utf-8',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

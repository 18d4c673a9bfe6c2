import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A real server whose answers a test chooses. */
export class HttpServer {
  readonly requests: IncomingMessage[] = [];
  /** Connections there have been, also of those that said nothing. */
  connections = 0;
  private readonly answers = new Map<string, Answer>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly scheme: string,
  ) {}

  static async start(
    make: (listener: RequestListener) => Server = createServer,
    scheme = 'http',
    host = '127.0.0.1',
  ): Promise<HttpServer> {
    const server = make((request, response) => started.answer(request, response));
    const started = new HttpServer(server, scheme);
    server.on('connection', (socket: Socket) => {
      started.connections += 1;
      started.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => started.sockets.delete(socket));
    });
    server.listen(0, host);
    await once(server, 'listening');
    return started;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.sockets.size;
  }

  on(path: string, answer: Answer): void {
    this.answers.set(path, answer);
  }

  json(path: string, value: unknown, headers: Record<string, string> = {}): void {
    this.on(path, (response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    });
  }

  /** Paths that were asked for, in their order. */
  asked(): string[] {
    return this.requests.map(({ url }) => url ?? '');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request);
    response.on('error', () => undefined);
    const answer = this.answers.get(request.url ?? '');
    if (answer) answer(response, request);
    else response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
  }
}

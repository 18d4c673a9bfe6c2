import { type IncomingMessage, type Server, createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';
import { type Duplex } from 'node:stream';

/** pass: hands the connection on · refuse: 503 to every upgrade · silent: takes the connection and says nothing. */
type Mood = 'pass' | 'refuse' | 'silent';

/** Stands before a Discord: its REST tells this address as the gateway's, and upgrades are treated by mood. */
export class MoodyGateway {
  mood: Mood = 'pass';
  /** Upgrades asked for so far. */
  upgrades = 0;
  private readonly sockets = new Set<Duplex>();

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    server.on('connection', (socket: Socket) => this.sockets.add(socket));
  }

  /** `apiUrl`: of the Discord behind. */
  static async start(apiUrl: string): Promise<MoodyGateway> {
    const server = createServer((_, response) => {
      const { port } = server.address() as AddressInfo;
      const limits = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ url: `ws://127.0.0.1:${port}/gateway`, shards: 1, session_start_limit: limits }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new MoodyGateway(server, new URL(apiUrl));
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.upgrades += 1;
    socket.on('error', () => undefined);
    if (this.mood === 'refuse') socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n');
    if (this.mood !== 'pass') return;
    const behind = connect(Number(this.target.port), this.target.hostname);
    this.sockets.add(behind);
    behind.on('error', () => socket.destroy());
    const headers = request.rawHeaders.flatMap((name, n, all) => (n % 2 === 0 ? [`${name}: ${all[n + 1]}`] : []));
    behind.write([`GET ${request.url} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
    behind.write(head);
    behind.pipe(socket).pipe(behind);
  }
}

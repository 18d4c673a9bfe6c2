import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** A network between the application and the database of a test, that can fail in several ways. */
export class DatabaseProxy {
  private readonly pairs = new Set<[Socket, Socket]>();
  private frozen = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(target: string): Promise<DatabaseProxy> {
    const { searchParams, pathname } = new URL(target);
    const socket = `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port')}`;
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const proxy = new DatabaseProxy(server, `postgresql://postgres:hunter2@127.0.0.1:${port}${pathname}`);
    server.on('connection', (near) => proxy.join(near, connect(socket)));
    return proxy;
  }

  /** Every connection breaks, and new ones are cut at once until `heal`. */
  cut(): void {
    this.server.close();
    this.drop();
  }

  /** Connections stay, but nothing passes any more. */
  freeze(): void {
    this.frozen = true;
    for (const pair of this.pairs) for (const end of pair) end.pause();
  }

  /** New connections pass again; those of before stay as they are. */
  async heal(): Promise<void> {
    this.frozen = false;
    if (this.server.listening) return;
    this.server.listen(Number(new URL(this.url).port), '127.0.0.1');
    await once(this.server, 'listening');
  }

  stop(): void {
    this.cut();
  }

  private join(near: Socket, far: Socket): void {
    const pair: [Socket, Socket] = [near, far];
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.on('error', end).on('close', end);
    far.on('error', end).on('close', end);
    if (this.frozen) return;
    near.on('data', (chunk) => far.write(chunk));
    far.on('data', (chunk) => near.write(chunk));
  }

  private drop(): void {
    for (const pair of this.pairs) for (const end of pair) end.destroy();
  }
}

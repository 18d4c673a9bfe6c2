import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP way to an HTTP address that keeps every byte that came out of it. */
export class ListeningProxy {
  private readonly sockets = new Set<Socket>();
  private chunks: Buffer[] = [];

  private constructor(
    private readonly server: Server,
    target: URL,
  ) {
    server.on('connection', (near: Socket) => {
      const far = connect(Number(target.port), target.hostname);
      far.on('data', (chunk: Buffer) => this.chunks.push(chunk));
      near.pipe(far);
      far.pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  static async to(url: string): Promise<ListeningProxy> {
    const proxy = new ListeningProxy(createServer(), new URL(url));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What came since the start, or since it was last forgotten. */
  heard(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }

  forget(): void {
    this.chunks = [];
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Client } from 'pg';

/**
 * A way to a database on which its answers can be held: what the program asked for is done, and the program does not
 * learn of it.
 */
export class HeldDatabase {
  private readonly sockets = new Set<Socket>();
  private readonly answers = new Set<Socket>();
  private holding = false;

  private constructor(
    private readonly server: Server,
    private readonly target: Client,
  ) {
    server.on('connection', (near: Socket) => {
      const { host, port } = target;
      const far = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
      this.answers.add(far);
      near.pipe(far);
      far.on('data', (chunk: Buffer) => near.write(chunk));
      if (this.holding) far.pause();
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.sockets.delete(socket);
          this.answers.delete(socket);
          other.destroy();
        });
      }
    });
  }

  static async at(url: string): Promise<HeldDatabase> {
    const held = new HeldDatabase(createServer(), new Client({ connectionString: url }));
    held.server.listen(0, '127.0.0.1');
    await once(held.server, 'listening');
    return held;
  }

  get url(): string {
    const { user = '', password, database = '' } = this.target;
    const secret = typeof password === 'string' && password !== '' ? `:${encodeURIComponent(password)}` : '';
    const { port } = this.server.address() as AddressInfo;
    return `postgres://${encodeURIComponent(user)}${secret}@127.0.0.1:${port}/${database}`;
  }

  hold(): void {
    this.holding = true;
    for (const socket of this.answers) socket.pause();
  }

  release(): void {
    this.holding = false;
    for (const socket of this.answers) socket.resume();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

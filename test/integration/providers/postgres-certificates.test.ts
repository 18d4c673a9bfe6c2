import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificates, makeCertificates, type Pair } from '../../support/certificates.js';
import { here, PostgresBench, seedSchema } from './postgres-bench.js';
import { faultOf } from './source-parts.js';

/** What a client says first that wants TLS: eight bytes, which Postgres answers with S. */
const sslRequest = 8;

/** A way to a database by TCP, which speaks TLS where that stands on a Unix socket and does not. */
class SecureFront {
  private readonly sockets = new Set<Socket>();
  /** Connections on which anything was said after the handshake. */
  spoken = 0;

  private constructor(private readonly server: Server) {}

  static async before(target: string, pair: Pair): Promise<SecureFront> {
    const { searchParams } = new URL(target);
    const path = `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port')}`;
    const server = createServer();
    const front = new SecureFront(server);
    server.on('connection', (near: Socket) => {
      front.keep(near);
      near.once('readable', () => {
        if (near.read(sslRequest) === null) return void near.destroy();
        near.write('S');
        const inner = new TLSSocket(near, { isServer: true, secureContext: createSecureContext(pair) });
        front.keep(inner);
        inner.once('data', (first: Buffer) => {
          front.spoken += 1;
          const far = connect(path);
          front.keep(far);
          far.write(first);
          inner.pipe(far).pipe(inner);
        });
      });
    });
    server.listen(0, 'localhost');
    await once(server, 'listening');
    return front;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
  }
}

let certificates: Certificates;
let bench: PostgresBench;
beforeAll(async () => {
  certificates = makeCertificates();
  bench = await PostgresBench.open(
    `${seedSchema} insert into discord_servers (server_id, name) values ('${here}', 'Town')`,
  );
});
afterAll(async () => {
  certificates.remove();
  await bench.close();
});

async function through(which: keyof Certificates & ('good' | 'selfSigned' | 'expired' | 'otherName'), settings = '') {
  const front = await SecureFront.before(bench.url, certificates[which]);
  const { pathname } = new URL(bench.url);
  const url = `postgresql://postgres:hunter2@localhost:${front.port}${pathname}?sslmode=verify-full${settings}`;
  const provider = bench.provider({ POSTGRES_SOURCE_URL: url });
  return { front, provider, name: `the database at localhost:${front.port}${pathname}` };
}

describe('the source postgres and certificates', () => {
  it.each([
    ['selfSigned', '', 'its certificate is signed by itself (see sslrootcert)'],
    ['good', '', 'its certificate is signed by an authority that is not trusted (see sslrootcert)'],
    ['expired', 'authority', 'its certificate has expired'],
    ['otherName', 'authority', 'its certificate is for another host'],
  ] as const)(
    'says in one sentence what is wrong with one, and tells its server nothing: %s',
    async (which, ca, words) => {
      const { front, provider, name } = await through(which, ca && `&sslrootcert=${certificates.authority}`);
      try {
        expect(await faultOf(provider.listGuilds())).toBe(`${name}: ${words}`);
        expect(front.spoken).toBe(0);
      } finally {
        await front.close();
      }
    },
  );

  it('believes one that is right, from the authority that it was told', async () => {
    const { front, provider } = await through('good', `&sslrootcert=${certificates.authority}`);
    try {
      expect((await provider.listGuilds()).map(({ name }) => name)).toEqual(['Town']);
    } finally {
      await provider.onApplicationShutdown();
      await front.close();
    }
  });
});

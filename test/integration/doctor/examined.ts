import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { readConfig } from '../../../src/app.config.js';
import { runDoctor } from '../../../src/doctor/doctor.command.js';
import { type Diagnosis, type Finding } from '../../../src/doctor/finding.js';

/** What the command line finds with these settings. */
export async function examined(env: Record<string, string>): Promise<Diagnosis> {
  const { text, code } = await runDoctor({
    readConfig: () => readConfig(env),
    environment: env,
    json: true,
    color: false,
  });
  const diagnosis = JSON.parse(text) as Diagnosis;
  if (code !== (diagnosis.ok ? 0 : 1)) throw new Error(`exit code ${code} for ok: ${diagnosis.ok}`);
  return diagnosis;
}

export async function findingsFor(check: string, env: Record<string, string>): Promise<Finding[]> {
  return (await examined(env)).findings.filter((finding) => finding.check === check);
}

/** A peer on TCP that answers whatever is said to it with the same bytes, and hangs up. Null: it stays silent. */
export class Peer {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(answer: Buffer | string | null): Promise<Peer> {
    const server = createServer((socket) => {
      peer.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => peer.sockets.delete(socket));
      socket.once('data', () => (answer === null ? undefined : socket.end(answer)));
    });
    const peer = new Peer(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return peer;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** How Postgres refuses a connection. */
export function postgresRefusal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

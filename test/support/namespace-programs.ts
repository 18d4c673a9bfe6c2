import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { type NetworkNamespace } from './network-namespace.js';
import { createTestDatabase } from './test-database.js';

const program = path.join(import.meta.dirname, '../../dist/main.js');
const clientProgram = path.join(import.meta.dirname, 'namespace-clients.mjs');

/** Milliseconds that the program may take until it listens. */
const startTime = 60_000;

const metricsKey = 'namespace-metrics-key-0001';

function environment(env: Record<string, string>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR, ...env };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The built program on a machine of its own, listening on all its addresses. */
export class NamespaceServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly database: { drop(): Promise<void> },
    readonly port: number,
  ) {}

  static async start(machine: NetworkNamespace, env: Record<string, string>): Promise<NamespaceServer> {
    const database = await createTestDatabase();
    const child = machine.spawn(process.execPath, [program], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment({
        HOST: '0.0.0.0',
        PORT: '0',
        LOG_LEVEL: 'warn',
        LOG_FORMAT: 'json',
        // The database is reached by a socket of the file system, which is the same on every machine played here.
        DATABASE_URL: database.url,
        API_KEYS: `metrics=${metricsKey},admin=namespace-admin-key-0001`,
        ...env,
      }),
    });
    const late = setTimeout(() => child.kill('SIGKILL'), startTime);
    let printed = '';
    const port = await new Promise<number | undefined>((resolve) => {
      const hear = (chunk: Buffer) => {
        printed += chunk.toString();
        const found = /Open +http:\/\/\S+?:(\d+)\/\s/.exec(printed)?.[1];
        if (found !== undefined) resolve(Number(found));
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('close', () => resolve(undefined));
    });
    clearTimeout(late);
    if (port !== undefined) return new NamespaceServer(child, database, port);
    await database.drop();
    throw new Error(`the program ended at its start:\n${printed}`);
  }

  async kill(): Promise<void> {
    await kill(this.child);
    await this.database.drop();
  }
}

export type ClientKind = 'socket.io' | 'socket.io polling' | 'websocket' | 'sse' | 'stuck sse';

/** For each client: whether it is connected as far as it knows, and how much came. */
type Heard = Partial<Record<ClientKind, { open: boolean; count: number }>>;

/** Clients in one process on one machine, each in a room. */
export class NamespaceClients {
  private asked = 0;

  private constructor(private readonly child: ChildProcess) {}

  /** `url`: the server's address as that machine sees it. */
  static async open(machine: NetworkNamespace, url: string, kinds: ClientKind[]): Promise<NamespaceClients> {
    const child = machine.spawn(process.execPath, [clientProgram, url, ...kinds], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: environment({ METRICS_KEY: metricsKey }),
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ready = await Promise.race([once(child, 'message'), once(child, 'close').then(() => undefined)]);
    if (!ready) throw new Error(`the clients ended at their start:\n${said}`);
    return new NamespaceClients(child);
  }

  async heard(): Promise<Heard> {
    return (await this.ask('heard')) as Heard;
  }

  /** Connections that the server counts, by transport. */
  async connections(): Promise<Record<string, number>> {
    const text = (await this.ask('metrics')) as string;
    const samples = text.matchAll(/^guildcast_connections\{transport="([^"]+)"\} (\d+)$/gm);
    return Object.fromEntries([...samples].map(([, transport = '', value]) => [transport, Number(value)] as const));
  }

  kill(): Promise<void> {
    return kill(this.child);
  }

  private ask(order: string): Promise<unknown> {
    const number = ++this.asked;
    return new Promise((resolve, reject) => {
      const hear = (said: { number: number; answer: unknown }) => {
        if (said.number !== number) return;
        this.child.off('message', hear).off('exit', ended);
        resolve(said.answer);
      };
      const ended = () => reject(new Error('the clients have ended'));
      this.child.on('message', hear).once('exit', ended);
      this.child.send({ number, order });
    });
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseCursor } from '../../../src/domain/cursor.js';
import { createTestDatabase } from '../test-database.js';

const program = path.join(import.meta.dirname, 'crowd-server.mjs');

/** Messages that the server publishes by itself, `burst` of them in each turn of its event loop. */
export interface Messages {
  guildId: string;
  count: number;
  burst: number;
  /** Characters of each text. */
  length: number;
}

/** The built application in a child process: publishes as fast as it can, and tells what it holds. */
export class CrowdServer {
  /** The place of the newest event. */
  newest = 0;
  private asked = 0;
  private readonly answers = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    private readonly database: { drop(): Promise<void> },
    private readonly printed: () => string,
  ) {
    child.on('message', ({ number, answer }: { number: number; answer: unknown }) => {
      this.answers.get(number)?.resolve(answer);
      this.answers.delete(number);
    });
    child.once('exit', (code, signal) => {
      const error = new Error(`the server ended with ${code ?? signal}:\n${this.printed()}`);
      for (const { reject } of this.answers.values()) reject(error);
      this.answers.clear();
    });
  }

  static async start(): Promise<CrowdServer> {
    const database = await createTestDatabase();
    const { PATH, HOME, TMPDIR } = process.env;
    const most = '1000000';
    const child = fork(program, [], {
      cwd: tmpdir(),
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...{ PATH, HOME, TMPDIR },
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'warn',
        LOG_FORMAT: 'json',
        API_KEYS: 'admin=crowd-admin-key-0001',
        DATABASE_URL: database.url,
        MOCK_PACE: '0',
        RATE_LIMIT_HTTP_PER_MINUTE: most,
        RATE_LIMIT_SOCKET_PER_MINUTE: most,
        RATE_LIMIT_JOINS_PER_MINUTE: most,
      },
    });
    let printed = '';
    child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`no server:\n${printed}`)));
    try {
      const [{ url }] = (await Promise.race([once(child, 'message'), ended])) as [{ url: string }];
      // From here on an end is told to whoever waits for an answer.
      ended.catch(() => undefined);
      return new CrowdServer(child, url, database, () => printed);
    } catch (error) {
      await database.drop();
      throw error;
    }
  }

  async publish(messages: Messages): Promise<void> {
    this.newest = parseCursor(await this.ask('publish', messages))?.offset ?? 0;
  }

  /** Bytes of everything that cannot be collected now; `resident` is what the system counts. */
  async held(): Promise<{ bytes: number; resident: number }> {
    const { heapUsed, external, rss } = (await this.ask('memory')) as NodeJS.MemoryUsage;
    return { bytes: heapUsed + external, resident: rss };
  }

  /** The value of one sample, such as `guildcast_x{a="b"}`. */
  async metric(sample: string): Promise<number> {
    const lines = ((await this.ask('metrics')) as string).split('\n');
    return Number(lines.find((line) => line.startsWith(`${sample} `))?.slice(sample.length));
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
      await once(this.child, 'close');
    }
    await this.database.drop();
  }

  private ask(order: string, content: object = {}): Promise<unknown> {
    const number = ++this.asked;
    return new Promise((resolve, reject) => {
      this.answers.set(number, { resolve, reject });
      this.child.send({ number, order, ...content }, (error) => error && reject(error));
    });
  }
}

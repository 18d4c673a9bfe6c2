import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestDatabase } from './test-database.js';

const program = path.join(import.meta.dirname, 'many-guilds-server.mjs');

export function manyGuildsId(index: number): string {
  return String(500_000_000_000_000_000n + BigInt(index));
}

export interface ManyGuildsState {
  rooms: number;
  /** Of all rooms together. */
  occupants: number;
  /** How often the source was asked for a guild, and how often at the same time at most. */
  asked: number;
  most: number;
  /** Events of the log, by type. */
  events: Record<string, number>;
}

type Said = { say: 'ready'; url: string } | { say: 'answer'; number: number; answer: unknown };

/** The built application in a child process with thousands of guilds of three members each. */
export class ManyGuildsServer {
  url = '';
  private child: ChildProcess | undefined;
  private asked = 0;
  private readonly answers = new Map<number, (answer: unknown) => void>();
  private printed = '';

  private constructor(private readonly database: { url: string; drop(): Promise<void> }) {}

  /** `live`: the source tells its changes itself; otherwise rooms are compared with it from time to time. */
  static async start(
    guilds: { count: number; live: boolean },
    env: Record<string, string> = {},
  ): Promise<ManyGuildsServer> {
    const server = new ManyGuildsServer(await createTestDatabase());
    await server.spawn(guilds, env);
    return server;
  }

  /** Every room, though nobody is in it. */
  async openRooms(): Promise<void> {
    await this.ask('open');
  }

  /** One message in every guild, all in one turn of the event loop. */
  async say(content: string): Promise<void> {
    await this.ask('say', { content });
  }

  /** Bytes in use. */
  memory(): Promise<number> {
    return this.ask('memory') as Promise<number>;
  }

  state(): Promise<ManyGuildsState> {
    return this.ask('state') as Promise<ManyGuildsState>;
  }

  /** Closes the rooms that nobody is in. */
  async closeRooms(): Promise<void> {
    await this.ask('close');
  }

  /** Warnings and errors. */
  get output(): string {
    return this.printed;
  }

  async stop(): Promise<void> {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
      await once(this.child, 'close');
    }
    await this.database.drop();
  }

  private async spawn(guilds: { count: number; live: boolean }, env: Record<string, string>): Promise<void> {
    const { PATH, HOME, TMPDIR } = process.env;
    const most = '1000000';
    const child = fork(program, [], {
      cwd: tmpdir(),
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...{ PATH, HOME, TMPDIR },
        MANY_GUILDS: JSON.stringify(guilds),
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'warn',
        LOG_FORMAT: 'json',
        API_KEYS: 'admin=many-guilds-admin-key-0001',
        DATABASE_URL: this.database.url,
        DATA_PROVIDERS: 'many',
        RATE_LIMIT_HTTP_PER_MINUTE: most,
        RATE_LIMIT_SOCKET_PER_MINUTE: most,
        RATE_LIMIT_JOINS_PER_MINUTE: most,
        SOCKET_MESSAGES_PER_SECOND: '100000',
        SOCKET_JOINS_PER_SECOND: '100000',
        ...env,
      },
    });
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => (this.printed += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.printed += chunk.toString()));
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`the server ended:\n${this.printed}`)));
      child.on('message', (said: Said) => {
        if (said.say === 'ready') {
          this.url = said.url;
          return resolve();
        }
        this.answers.get(said.number)?.(said.answer);
        this.answers.delete(said.number);
      });
    });
  }

  private ask(order: string, content: Record<string, unknown> = {}): Promise<unknown> {
    const number = ++this.asked;
    const answer = new Promise<unknown>((resolve) => this.answers.set(number, resolve));
    this.child?.send({ number, order, ...content });
    return answer;
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseCursor } from '../../src/domain/cursor.js';
import { type NewDomainEvent } from '../../src/domain/events/index.js';
import { type Member } from '../../src/domain/member.js';
import { createTestDatabase } from './test-database.js';

const program = path.join(import.meta.dirname, 'room-server.mjs');

export interface Placed {
  cursor: string;
  at: string;
}

type Said =
  | { say: 'ready'; url: string; place: string }
  | { say: 'answer'; number: number; answer: unknown }
  | { say: 'load'; number: number; guildId: string };

export interface RoomServerOptions {
  guilds: readonly string[];
  historySize: number;
  /** The data source: who is in the guild. May take its time. */
  load: (guildId: string) => Member[] | Promise<Member[]>;
}

/** The built application in a child process whose guilds and events come from here. Orders arrive in their order. */
export class RoomServer {
  url = '';
  epoch = '';
  /** Why it ended although nobody killed it. */
  died: string | undefined;
  private child: ChildProcess | undefined;
  private asked = 0;
  private readonly answers = new Map<number, (answer: unknown) => void>();
  private printed = '';

  private constructor(
    private readonly options: RoomServerOptions,
    private readonly database: { url: string; drop(): Promise<void> },
  ) {}

  static async start(options: RoomServerOptions): Promise<RoomServer> {
    const server = new RoomServer(options, await createTestDatabase());
    await server.spawn();
    return server;
  }

  get historySize(): number {
    return this.options.historySize;
  }

  /** Answers undefined when the server was killed before it could. */
  append(events: NewDomainEvent[]): Promise<Placed[] | undefined> {
    return this.ask('append', { events }) as Promise<Placed[] | undefined>;
  }

  /** Closes the room if nobody is in it. */
  sweep(guildId: string): Promise<unknown> {
    return this.ask('sweep', { guildId });
  }

  close(guildId: string): Promise<unknown> {
    return this.ask('close', { guildId });
  }

  /** SIGKILL: whatever was under way is lost. */
  async kill(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    for (const answer of this.answers.values()) answer(undefined);
    this.answers.clear();
  }

  /** A new life, with a new log, at another address. */
  async spawn(): Promise<void> {
    const { PATH, HOME, TMPDIR, ROOM_SERVER_DIST } = process.env;
    const most = '1000000';
    this.died = undefined;
    this.printed = '';
    const child = fork(program, [], {
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        ...{ PATH, HOME, TMPDIR, ...(ROOM_SERVER_DIST && { ROOM_SERVER_DIST }) },
        ROOM_SERVER_GUILDS: JSON.stringify(this.options.guilds),
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'warn',
        LOG_FORMAT: 'json',
        API_KEYS: 'admin=property-admin-key-0001',
        DATABASE_URL: this.database.url,
        DATA_PROVIDERS: 'parent',
        HISTORY_SIZE: String(this.options.historySize),
        DZONE_DELETE_SECONDS: '3600',
        PRESENCE_WINDOW_MS: '0',
        RATE_LIMIT_HTTP_PER_MINUTE: most,
        RATE_LIMIT_SOCKET_PER_MINUTE: most,
        RATE_LIMIT_JOINS_PER_MINUTE: most,
        SOCKET_MESSAGES_PER_SECOND: '100000',
        SOCKET_JOINS_PER_SECOND: '100000',
      },
    });
    child.stdout?.on('data', (chunk: Buffer) => (this.printed += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.printed += chunk.toString()));
    // An order may be on its way to a child that has just ended.
    child.on('error', () => undefined);
    child.once('exit', (code) => {
      if (this.child === child) this.died = `the server ended with ${code}: ${this.printed.slice(-2_000)}`;
    });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`the server ended at its start:\n${this.printed}`)));
      child.on('message', (said: Said) => this.hear(child, said, resolve));
    });
  }

  /** What it printed: warnings and errors only. */
  get output(): string {
    return this.printed;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.database.drop();
  }

  private hear(child: ChildProcess, said: Said, ready: () => void): void {
    if (said.say === 'ready') {
      this.url = said.url;
      this.epoch = parseCursor(said.place)?.epoch ?? '';
      ready();
    } else if (said.say === 'answer') {
      this.answers.get(said.number)?.(said.answer);
      this.answers.delete(said.number);
    } else {
      void Promise.resolve(this.options.load(said.guildId)).then((members) => {
        if (child.connected) child.send({ order: 'loaded', question: said.number, members });
      });
    }
  }

  private ask(order: string, content: Record<string, unknown>): Promise<unknown> {
    if (!this.child?.connected || this.died !== undefined) return Promise.resolve(undefined);
    const number = ++this.asked;
    const answer = new Promise<unknown>((resolve) => this.answers.set(number, resolve));
    this.child.send({ number, order, ...content });
    return answer;
  }
}

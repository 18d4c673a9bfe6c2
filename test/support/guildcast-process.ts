import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestDatabase } from './test-database.js';

const program = path.join(import.meta.dirname, '../../dist/main.js');

export interface GuildcastProcess {
  url: string;
  /** Everything printed so far, both streams. */
  output(): string;
  /** As an operator: SIGTERM, then waits. Answers the exit code. */
  stop(): Promise<number | null>;
  /** As a crash: SIGKILL, then waits. */
  kill(): Promise<void>;
}

export interface StartOptions {
  /** Without `DATABASE_URL` the program gets a fresh database in the tests' cluster, dropped when it ends. */
  env?: Record<string, string | undefined>;
  /** Lets the program start its own Postgres in its `DATA_DIR`. */
  embedded?: boolean;
}

/** The environment of a spawned program: nothing of this process but what finds binaries and temporary folders. */
function cleanEnvironment(env: Record<string, string | undefined>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  const set = { PATH, HOME, TMPDIR, HOST: '127.0.0.1', PORT: '0', LOG_FORMAT: 'json', ...env };
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));
}

/** What a start leaves behind is then collected in few goes: a tenth of its CPU. */
const roomToStart = '--min-semi-space-size=16';

/** The built program, without waiting for anything. Its working directory has no `.env`. */
export function spawnGuildcast(
  env: Record<string, string | undefined>,
  args: string[] = [],
): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [roomToStart, program, ...args], {
    cwd: tmpdir(),
    env: cleanEnvironment(env),
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  return { child, output: () => printed };
}

/** Milliseconds to wait for a port that is taken. */
const portPatience = 10_000;

/** The built program, ready to serve. */
export async function startGuildcast(options: StartOptions = {}): Promise<GuildcastProcess> {
  const deadline = Date.now() + portPatience;
  for (;;) {
    try {
      return await startOnce(options);
    } catch (error) {
      // A port that nobody listens on may be lent to somebody's outgoing connection for a moment.
      const taken = error instanceof Error && /^Port \d+ .* is taken/m.test(error.message);
      if (!taken || Date.now() > deadline) throw error;
    }
  }
}

async function startOnce({ env = {}, embedded = false }: StartOptions): Promise<GuildcastProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'guildcast-'));
  const database = embedded || env.DATABASE_URL ? undefined : await createTestDatabase();
  const { child, output } = spawnGuildcast({
    DATA_DIR: folder,
    ...(database && { DATABASE_URL: database.url }),
    ...env,
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const tidy = async () => {
    await database?.drop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await Promise.race([addressIn(child, output), exited.then(() => undefined)]);
    if (url === undefined) throw new Error(`the program ended at its start:\n${output()}`);
    return {
      url,
      output,
      stop: async () => {
        child.kill('SIGTERM');
        const [code] = await exited;
        await tidy();
        return code;
      },
      kill: async () => {
        child.kill('SIGKILL');
        await exited;
        await tidy();
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    await tidy();
    throw error;
  }
}

/** The address in the banner, which is printed once the program listens. */
function addressIn(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no banner within 60 s:\n${output()}`)), 60_000);
    const look = () => {
      const found = /Open +(http:\/\/\S+?)\/?\s/.exec(output())?.[1];
      if (found === undefined) return;
      clearTimeout(late);
      resolve(found);
    };
    child.stdout?.on('data', look);
    child.once('exit', () => clearTimeout(late));
  });
}

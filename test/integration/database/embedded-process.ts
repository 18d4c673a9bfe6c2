import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

const built = new URL('../../../dist/database/embedded-postgres.js', import.meta.url);

/**
 * A program of its own that starts the embedded database, says so on a line, and ends with it on SIGINT or SIGTERM.
 * Before that end it asks the database once more, as an application does that drains.
 */
const program = `
import { Client } from 'pg';
import { startEmbeddedPostgres } from ${JSON.stringify(built.href)};
try {
  const database = await startEmbeddedPostgres({ dataDir: process.env.TEST_DATA_DIR });
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  const end = async () => {
    const answer = await client.query("select 'drained' as word").then(({ rows }) => rows[0].word, (e) => e.message);
    await client.end();
    await database.stop();
    console.log(JSON.stringify({ kind: 'ended', answer }));
    process.exit(0);
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  console.log(JSON.stringify({ kind: 'ready', url: database.url }));
} catch (error) {
  console.log(JSON.stringify({ kind: 'refused', name: error.name, message: error.message }));
  process.exit(1);
}
`;

export type Said =
  | { kind: 'ready'; url: string }
  | { kind: 'ended'; answer: string }
  | { kind: 'refused'; name: string; message: string };

export class EmbeddedProcess {
  private readonly lines: Said[] = [];
  private readonly waiting: ((said: Said) => void)[] = [];
  readonly ended: Promise<void>;

  private constructor(private readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      // The logger writes to the same place.
      if (!line.startsWith('{')) return;
      const said = JSON.parse(line) as Said;
      const next = this.waiting.shift();
      if (next) next(said);
      else this.lines.push(said);
    });
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  /** `as`: words put before the command, such as setpriv's. In a process group of its own, as in a terminal. */
  static start(dataDir: string, options: { as?: string[]; env?: NodeJS.ProcessEnv } = {}): EmbeddedProcess {
    if (!existsSync(fileURLToPath(built))) throw new Error('run "node scripts/build.mjs" first');
    const [file, ...args] = [...(options.as ?? []), process.execPath, '--input-type=module', '--eval', program];
    const child = spawn(file, args, {
      cwd: fileURLToPath(new URL('../../../', import.meta.url)),
      env: { ...process.env, ...options.env, TEST_DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    return new EmbeddedProcess(child);
  }

  /** The next thing it says. */
  said(): Promise<Said> {
    const line = this.lines.shift();
    return line ? Promise.resolve(line) : new Promise((resolve) => this.waiting.push(resolve));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** What Ctrl-C in a terminal does. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.child.pid!, signal);
  }
}

export function makeFolder(): { path: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-embedded-'));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Processes whose command line names the folder. */
export function processesOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false;
      }
    })
    .map(Number);
}

export async function ask<Row>(url: string, statement: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(statement)).rows as Row[];
  } finally {
    await client.end();
  }
}

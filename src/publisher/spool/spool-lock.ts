import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { unfinished } from './durable-file.js';

const lockName = 'drain.lock';

/** Milliseconds without a sign of life after which a lock is nobody's, wherever its holder was. */
const staleAfter = 60_000;

interface Holder {
  pid: number;
  host: string;
  /** When the kernel started that process: another may get its number, and in containers does so at every start. */
  started?: string;
}

/**
 * Who holds it sends what is in the spool, alone, so that the order is kept. It guards the order only: should two ever hold
 * it, the idempotency keys in the letters still make one notification of each.
 *
 * A lock is the file itself, not what stands in it: a full disk takes an empty file, and no byte more. The file stays open
 * for as long, so that no other gets its number.
 */
export class SpoolLock {
  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  /** Undefined while another holds it. */
  static async acquire(folder: string): Promise<SpoolLock | undefined> {
    const file = path.join(folder, lockName);
    // Twice: the first try may find a lock that nobody holds any more.
    for (let tries = 0; tries < 2; tries += 1) {
      const handle = await create(file);
      if (handle) return new SpoolLock(file, handle);
      if (!(await breakStale(file))) break;
    }
    return undefined;
  }

  /** Shows that the holder lives. False once another took it over, such as after a long sleep of this machine. */
  async renew(): Promise<boolean> {
    if (!(await isAt(this.file, this.handle))) return false;
    const now = new Date();
    await this.handle.utimes(now, now).catch(() => undefined);
    return true;
  }

  async release(): Promise<void> {
    try {
      if (await isAt(this.file, this.handle)) await rm(this.file, { force: true });
    } finally {
      await this.handle.close();
    }
  }
}

/** Undefined when there is one already. */
async function create(file: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw error;
  }
  const holder: Holder = { pid: process.pid, host: hostname(), started: await startOf(process.pid) };
  // On a full disk it says nothing of its holder: should that die, others wait until the lock is stale.
  await handle.writeFile(JSON.stringify(holder)).catch(() => undefined);
  return handle;
}

/** True when the way is free. */
async function breakStale(file: string): Promise<boolean> {
  let looked: FileHandle;
  try {
    looked = await open(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw error;
  }
  try {
    const age = Date.now() - (await looked.stat()).mtimeMs;
    const holder = readHolder(await looked.readFile('utf8'));
    if (age < staleAfter && !(holder && (await isDead(holder)))) return false;
    const aside = `${file}.${randomUUID()}${unfinished}`;
    try {
      await rename(file, aside);
    } catch {
      // Another broke it first, and may hold a new one by now: the next try tells.
      return true;
    }
    const mistaken = !(await isAt(aside, looked));
    // Between the look and the rename somebody else had made a new one: it gets it back.
    if (mistaken) await link(aside, file).catch(() => undefined);
    await rm(aside, { force: true });
    return !mistaken;
  } finally {
    await looked.close();
  }
}

/** Whether the file of that name is the one that is open. */
async function isAt(file: string, handle: FileHandle): Promise<boolean> {
  const [named, opened] = await Promise.all([
    stat(file, { bigint: true }).catch(() => undefined),
    handle.stat({ bigint: true }),
  ]);
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

async function isDead({ host, pid, started }: Holder): Promise<boolean> {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM says that it lives and is another user's.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
  const lives = await startOf(pid);
  return started !== undefined && lives !== undefined && started !== lives;
}

/** Undefined where the kernel has no such file: Linux alone does. */
async function startOf(pid: number): Promise<string | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name of the program, in brackets, may hold anything; what is wanted is the 20th word after it.
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19];
}

function readHolder(text: string): Holder | undefined {
  try {
    const read = JSON.parse(text) as Partial<Holder> | null;
    const { pid, host } = read ?? {};
    return Number.isInteger(pid) && pid! > 0 && typeof host === 'string' ? (read as Holder) : undefined;
  } catch {
    return undefined;
  }
}

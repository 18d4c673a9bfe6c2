import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { unfinished } from './durable-file.js';

const lockName = 'drain.lock';

/** Milliseconds without a sign of life after which a lock is nobody's, wherever its holder was. */
const staleAfter = 60_000;

interface Holder {
  token: string;
  pid: number;
  host: string;
  /** When the kernel started that process: another may get its number, and in containers does so at every start. */
  started?: string;
}

/**
 * Who holds it sends what is in the spool, alone, so that the order is kept. It guards the order only: should two ever hold
 * it, the idempotency keys in the letters still make one notification of each.
 */
export class SpoolLock {
  private constructor(
    private readonly file: string,
    private readonly token: string,
  ) {}

  /** Undefined while another holds it. */
  static async acquire(folder: string): Promise<SpoolLock | undefined> {
    const file = path.join(folder, lockName);
    const token = randomUUID();
    const holder = { token, pid: process.pid, host: hostname(), started: await startOf(process.pid) };
    // Twice: the first try may find a lock that nobody holds any more.
    for (let tries = 0; tries < 2; tries += 1) {
      if (await create(file, holder)) return new SpoolLock(file, token);
      if (!(await breakStale(file))) break;
    }
    return undefined;
  }

  /** Shows that the holder lives. False once another took it over, such as after a long sleep of this machine. */
  async renew(): Promise<boolean> {
    if ((await holderOf(this.file))?.token !== this.token) return false;
    const now = new Date();
    await utimes(this.file, now, now).catch(() => undefined);
    return true;
  }

  async release(): Promise<void> {
    if ((await holderOf(this.file))?.token === this.token) await rm(this.file, { force: true });
  }
}

async function create(file: string, holder: Holder): Promise<boolean> {
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(holder));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** True when the way is free. */
async function breakStale(file: string): Promise<boolean> {
  const holder = await holderOf(file);
  const age = await stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => undefined,
  );
  if (age === undefined) return true;
  if (age < staleAfter && !(holder && (await isDead(holder)))) return false;
  const aside = `${file}.${randomUUID()}${unfinished}`;
  try {
    await rename(file, aside);
  } catch {
    // Another broke it first, and may hold a new one by now: the next try tells.
    return true;
  }
  const taken = await holderOf(aside);
  const mistaken = taken?.token !== holder?.token;
  // Between the look and the rename somebody else had made a new one: it gets it back.
  if (mistaken) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
  return !mistaken;
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

async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    const read = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder> | null;
    const { token, pid, host } = read ?? {};
    const whole = typeof token === 'string' && Number.isInteger(pid) && pid! > 0 && typeof host === 'string';
    return whole ? (read as Holder) : undefined;
  } catch {
    return undefined;
  }
}

import { chownSync, lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StartupError } from '../startup-error.js';
import { type PostgresUser } from './postgres-user.js';
import { findProcess, isAlive } from './process-table.js';

export const socketPort = 5432;
export const socketName = `.s.PGSQL.${socketPort}`;

const prefix = 'guildcast-pg-';
/** What the system's address of a Unix socket holds, in bytes. */
const longest = process.platform === 'darwin' ? 103 : 107;

function fits(directory: string): boolean {
  return Buffer.byteLength(path.join(directory, socketName)) <= longest;
}

/** Where a database of ours is reached whose socket is in that folder. */
export function embeddedUrl(folder: string): string {
  return `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(folder)}&port=${socketPort}&sslmode=disable`;
}

export interface SocketDirectory {
  path: string;
  remove(): void;
}

/**
 * Where the database's socket goes: into its own directory, which nobody else may enter. Where the path is too long
 * for a socket, or holds what Postgres's list of directories cannot, into a private one under the temp folder.
 */
export function makeSocketDirectory(dataDir: string, user: PostgresUser): SocketDirectory {
  sweep();
  if (fits(dataDir) && !/[,"]|\s$/.test(dataDir)) return { path: dataDir, remove: () => undefined };
  const pattern = path.join(tmpdir(), `${prefix}${process.pid}-`);
  if (!fits(`${pattern}XXXXXX`)) {
    throw new StartupError(
      `Neither ${dataDir} nor the temp folder ${tmpdir()} has a path short enough for a Unix socket (${longest} bytes): choose a shorter DATA_DIR or TMPDIR.`,
    );
  }
  const directory = makePrivate(pattern, user);
  return { path: directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

function makePrivate(pattern: string, user: PostgresUser): string {
  try {
    const directory = mkdtempSync(pattern);
    if (user.owner) chownSync(directory, user.owner.uid, user.owner.gid);
    if (user.mayEnter(directory)) return directory;
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new StartupError(`No folder for the database's socket can be made in ${tmpdir()} (${code}).`);
  }
  throw new StartupError(`User ${user.owner?.uid}, as whom Postgres must run, may not enter ${tmpdir()}.`);
}

/** Removes what starts that were killed left in the temp folder. Never fails: it is only tidying. */
function sweep(): void {
  try {
    for (const name of readdirSync(tmpdir())) {
      const maker = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
      if (maker !== undefined) removeIfStale(path.join(tmpdir(), name), Number(maker));
    }
  } catch {
    // Not readable, or gone meanwhile: left to the next start.
  }
}

function removeIfStale(directory: string, maker: number): void {
  const entry = lstatSync(directory);
  const own = process.getuid?.() === 0 || entry.uid === process.getuid?.();
  // A container's processes have the same numbers at each start: our own number says nothing.
  const made = maker !== process.pid && isAlive(maker);
  const young = Date.now() - entry.mtimeMs < 60_000;
  if (!entry.isDirectory() || !own || made || isServed(directory) || (maker === process.pid && young)) return;
  rmSync(directory, { recursive: true, force: true });
}

function isServed(directory: string): boolean {
  try {
    const pid = Number.parseInt(readFileSync(path.join(directory, `${socketName}.lock`), 'utf8'), 10);
    return findProcess(pid)?.command.includes(` -k ${directory} `) ?? false;
  } catch {
    return false;
  }
}

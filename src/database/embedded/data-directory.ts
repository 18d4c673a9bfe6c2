import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { StartupError } from '../startup-error.js';
import { type PostgresUser } from './postgres-user.js';
import { isAlive } from './process-table.js';

/** Postgres keeps paths in buffers of 1024 bytes, and adds to them. */
const longest = 900;
const beingMade = new Set<string>();

/** One path for one directory, however it was written: processes are told apart by it. */
export function canonicalPath(dataDir: string): string {
  const absolute = path.resolve(dataDir);
  if (Buffer.byteLength(absolute) > longest) {
    throw new StartupError(
      `The path of the data directory is too long (more than ${longest} bytes): choose another DATA_DIR.`,
    );
  }
  try {
    return existsSync(absolute)
      ? realpathSync(absolute)
      : path.join(canonicalPath(path.dirname(absolute)), path.basename(absolute));
  } catch (error) {
    throw unusable(absolute, error);
  }
}

/** True when there is a database. @throws StartupError when there is something else, or somebody else's */
export function holdsDatabase(dataDir: string): boolean {
  try {
    requireFolder(path.dirname(dataDir));
    if (!existsSync(dataDir)) return false;
    refuseStrangers(dataDir);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    const entries = readdirSync(dataDir);
    if (entries.includes('PG_VERSION')) return true;
    if (entries.length === 0) return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw unusable(dataDir, error);
  }
  throw new StartupError(
    `${dataDir} holds files that are not a database of ours: empty it, or choose another DATA_DIR.`,
  );
}

function requireFolder(folder: string): void {
  if (!statSync(folder).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
  accessSync(folder, constants.X_OK);
}

function refuseStrangers(dataDir: string): void {
  const { uid } = statSync(dataDir);
  const self = process.getuid?.();
  if (self === undefined || self === 0 || self === uid) return;
  throw new StartupError(`The database folder ${dataDir} belongs to user ${uid}: start as that user or as root.`);
}

/** Makes the folder that the database's directory is in, and checks that we and Postgres can work there. */
export function prepareParent(dataDir: string, user: PostgresUser): void {
  const parent = path.dirname(dataDir);
  try {
    const missing = missingFolders(parent);
    // Node's own recursive mkdir never ends where a system folder such as /proc refuses.
    for (const folder of missing) mkdirSync(folder, { mode: 0o755 });
    for (const folder of user.owner ? missing : []) {
      // Whatever the umask: Postgres's user must get through. In a user's folder they are the user's own.
      chmodSync(folder, 0o755);
      if (statSync(path.dirname(folder)).uid !== 0) chownSync(folder, user.owner!.uid, user.owner!.gid);
    }
    if (!holdsDatabase(dataDir)) accessSync(parent, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(parent, error);
  }
  if (!user.mayEnter(parent)) throw barred(parent, user);
}

/** What `prepareParent` would stumble over, without making anything. @throws StartupError */
export function inspectParent(dataDir: string, user: PostgresUser): void {
  const parent = path.dirname(dataDir);
  const [missing] = missingFolders(parent);
  const there = missing === undefined ? parent : path.dirname(missing);
  try {
    if (missing !== undefined || !holdsDatabase(dataDir)) accessSync(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(parent, error);
  }
  // What is missing is made so that Postgres's user gets through.
  if (!user.mayEnter(there)) throw barred(there, user);
}

function barred(folder: string, user: PostgresUser): StartupError {
  return new StartupError(
    `User ${user.owner?.uid}, as whom Postgres must run, may not enter ${folder}: open it and the folders above it (chmod o+x), or choose another DATA_DIR.`,
  );
}

/** Outermost first. */
function missingFolders(folder: string): string[] {
  return existsSync(folder) ? [] : [...missingFolders(path.dirname(folder)), folder];
}

/** Made aside and moved into place when it is whole. That somebody else was faster is no fault: theirs is taken. */
export async function makeDatabase(dataDir: string, user: PostgresUser): Promise<void> {
  sweepUnfinished(dataDir);
  const aside = `${dataDir}.init-${process.pid}-${randomBytes(4).toString('hex')}`;
  beingMade.add(aside);
  try {
    mkdirSync(aside, { mode: 0o700 });
    if (user.owner) chownSync(aside, user.owner.uid, user.owner.gid);
    await initialise(aside, user);
    renameSync(aside, dataDir);
    // Before anything is promised to last: the name under which it lasts.
    const parent = openSync(path.dirname(dataDir), 'r');
    fsyncSync(parent);
    closeSync(parent);
  } catch (error) {
    if (!existsSync(path.join(dataDir, 'PG_VERSION'))) throw unusable(dataDir, error);
  } finally {
    rmSync(aside, { recursive: true, force: true });
    beingMade.delete(aside);
  }
}

/** A database made as root, in a place where root now cannot run it (or the other way round): given to who can. */
export function handOver(dataDir: string, user: PostgresUser): void {
  const { owner } = user;
  if (!owner || statSync(dataDir).uid === owner.uid) return;
  for (const name of readdirSync(dataDir, { recursive: true, encoding: 'utf8' })) {
    lchownSync(path.join(dataDir, name), owner.uid, owner.gid);
  }
  // Last: until it is done, the next start does it again.
  lchownSync(dataDir, owner.uid, owner.gid);
}

/** Leaves of initdb that was killed halfway. */
function sweepUnfinished(dataDir: string): void {
  for (const name of readdirSync(path.dirname(dataDir))) {
    if (!name.startsWith(`${path.basename(dataDir)}.init-`)) continue;
    const maker = Number(name.slice(path.basename(dataDir).length).split('-')[1]);
    const folder = path.join(path.dirname(dataDir), name);
    const atWork = maker === process.pid ? beingMade.has(folder) : isAlive(maker);
    if (!atWork) rmSync(folder, { recursive: true, force: true });
  }
}

async function initialise(directory: string, user: PostgresUser): Promise<void> {
  let fault = await initdb(directory, user);
  if (fault?.includes('look up effective user')) fault = await initdb(directory, user.named());
  if (fault === undefined) return;
  throw new StartupError(
    fault.includes('look up effective user') || fault.includes('unshare')
      ? `Postgres makes no database for a user without a name: give user ${statSync(directory).uid} one in /etc/passwd, or set DATABASE_URL.`
      : `The database could not be made: ${fault}. Choose another DATA_DIR, or set DATABASE_URL.`,
  );
}

/** Undefined when it is made, otherwise the program's words. */
async function initdb(directory: string, user: PostgresUser): Promise<string | undefined> {
  // One locale on every platform, and `lower()` for all letters. Nobody but us gets to the socket: no password.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
  const args = ['-D', directory, '-U', 'postgres', '-A', 'trust', ...locale, '--no-instructions'];
  const child = user.spawn('initdb', args, ['ignore', 'ignore', 'pipe']);
  let words = '';
  child.stderr!.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(0, 4_000)));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status === 0) return undefined;
  return words.split('\n').find((line) => /error:|FATAL|could not|unshare/.test(line)) ?? `initdb ended with ${status}`;
}

function unusable(directory: string, error: unknown): StartupError {
  if (error instanceof StartupError) return error;
  const { code, path: at = directory } = error as NodeJS.ErrnoException;
  const why: Record<string, string> = {
    EACCES: `this user may not write to ${at}`,
    EPERM: `this user may not write to ${at}`,
    EROFS: `${at} is on a read-only file system`,
    ENOENT: `${at} cannot be made`,
    ENOTDIR: 'a part of its path is not a folder',
    EEXIST: 'a part of its path is not a folder',
    ELOOP: 'its path is a circle of links',
    ENAMETOOLONG: 'its path is too long',
    ENOSPC: 'the disk is full',
    EBUSY: 'a file system is mounted there; mount it one folder higher',
  };
  const reason = (code !== undefined && why[code]) || (error as Error).message;
  return new StartupError(`The data directory ${directory} cannot be used: ${reason}. Choose another DATA_DIR.`);
}

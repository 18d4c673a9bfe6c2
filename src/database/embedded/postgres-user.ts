import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { StartupError } from '../startup-error.js';
import { linkLibraries } from './postgres-binaries.js';

const nobody = 65534;

const untilParentDies = ['setpriv', '--pdeathsig', 'INT'];
/** Whoever starts this is called nobody inside, and what is made there belongs to whoever started it. */
const inNamespace = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--', ...untilParentDies];

interface Way {
  /** Put before the command itself. */
  before: string[];
  /** For systems that have no command for it: Node changes the user. */
  as?: { uid: number; gid: number };
  /** Whom the database's files belong to; undefined: whoever makes them. */
  owner?: { uid: number; gid: number };
}

/** Postgres's programs, run as a user that Postgres accepts: it refuses root. */
export class PostgresUser {
  constructor(
    private readonly native: string,
    private readonly way: Way,
  ) {}

  get owner(): { uid: number; gid: number } | undefined {
    return this.way.owner;
  }

  /** The same user, whom the system's list of users need not know: for initdb, which asks for the name. Linux only. */
  named(): PostgresUser {
    return new PostgresUser(this.native, { ...this.way, before: [...this.way.before, ...inNamespace] });
  }

  /**
   * Starts a program of Postgres in a process group of its own, out of reach of the terminal's Ctrl-C. On Linux it
   * gets SIGINT when the thread that called this ends, however that ends: so call it from the main thread.
   */
  spawn(program: string, args: string[], stdio: SpawnOptions['stdio']): ChildProcess {
    const [file, ...rest] = this.commandLine(program, args);
    const child = spawn(file!, rest, { ...this.options(), stdio, detached: true });
    // Where there is no parent-death signal, an orderly end of ours must still not leave it behind.
    const interrupt = () => child.kill('SIGINT');
    process.once('exit', interrupt);
    child.once('close', () => process.off('exit', interrupt));
    child.once('error', () => process.off('exit', interrupt));
    return child;
  }

  /** Undefined when the programs run; otherwise the system's words why not. */
  whyNot(): string | undefined {
    const [file, ...rest] = this.commandLine('postgres', ['--version']);
    const { status, error, stderr } = spawnSync(file!, rest, { ...this.options(), encoding: 'utf8' });
    return status === 0 ? undefined : (error?.message ?? (stderr.trim() || `status ${status}`));
  }

  mayEnter(directory: string): boolean {
    const [file, ...rest] = [...this.way.before, 'sh', '-c', 'cd "$1"', 'sh', directory];
    return spawnSync(file, rest, { ...this.options(), stdio: 'ignore' }).status === 0;
  }

  private commandLine(program: string, args: string[]): string[] {
    return [...this.way.before, path.join(this.native, 'bin', program), ...args];
  }

  private options(): SpawnOptions & { cwd: string } {
    // PGPORT, PGDATA and their like are meant for other databases of whoever starts us.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
    return { env, cwd: '/', ...this.way.as };
  }
}

/** The nearest folder above (or the path itself) that exists decides whose database it is. */
function ownerOf(file: string): { uid: number; gid: number } {
  if (existsSync(file) || path.dirname(file) === file) return statSync(file);
  return ownerOf(path.dirname(file));
}

function waysOf(dataDir: string): Way[] {
  const dying = process.platform === 'linux' ? untilParentDies : undefined;
  if (process.getuid?.() !== 0) return [...(dying ? [{ before: dying }] : []), { before: [] }];
  const { uid, gid } = ownerOf(dataDir);
  if (uid === 0 && !dying) return [];
  // Root's own folder: in a user namespace its files stay root's, and no path is barred. Where namespaces are barred
  // (as in Docker by default), nobody owns the database. A user's folder: that user, who may then start it alone too.
  const owner = uid === 0 ? { uid: nobody, gid: nobody } : { uid, gid };
  const become = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  return [
    ...(uid === 0 ? [{ before: inNamespace }] : []),
    ...(dying ? [{ before: [...dying, ...become], owner }] : []),
    { before: [], as: owner, owner },
  ];
}

/** The first way that works of running Postgres for this data directory. @throws StartupError when none does */
export function choosePostgresUser(native: string, dataDir: string): PostgresUser {
  const users = waysOf(dataDir).map((way) => new PostgresUser(native, way));
  if (users.length === 0) {
    throw new StartupError('Postgres does not run as root here: start as another user, or set DATABASE_URL.');
  }
  let { working, faults } = firstThatRuns(users);
  if (faults.some((fault) => fault.includes('shared libraries'))) {
    linkLibraries();
    ({ working, faults } = firstThatRuns(users));
  }
  if (working) return working;
  const last = users.at(-1)!;
  // Before it complains of the folder, the system may complain of a library in it.
  const shut = !last.mayEnter(path.join(native, 'lib'));
  throw new StartupError(sentence(faults.join('\n'), native, { shut, uid: last.owner?.uid }));
}

/** With why those before it do not. */
function firstThatRuns(users: PostgresUser[]): { working?: PostgresUser; faults: string[] } {
  const faults: string[] = [];
  for (const user of users) {
    const fault = user.whyNot();
    if (fault === undefined) return { working: user, faults };
    faults.push(fault);
  }
  return { faults };
}

function sentence(fault: string, native: string, { shut, uid }: { shut: boolean; uid: number | undefined }): string {
  if (shut) {
    const who = uid === undefined ? 'this user' : `user ${uid}, as whom it must run,`;
    return `The embedded Postgres cannot start because ${who} may not enter ${native}: open the folders above it, or set DATABASE_URL.`;
  }
  if (fault.includes('shared libraries')) {
    return 'The embedded Postgres lacks links to its libraries: run "node scripts/link-postgres.mjs" as the owner of node_modules, or set DATABASE_URL.';
  }
  return `The embedded Postgres does not run on this machine (${fault.split('\n').at(-1)}): set DATABASE_URL.`;
}

import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { canonicalPath, handOver, holdsDatabase, makeDatabase, prepareParent } from './embedded/data-directory.js';
import { findOccupant } from './embedded/occupant.js';
import { locateBinaries } from './embedded/postgres-binaries.js';
import { type PostgresUser, choosePostgresUser } from './embedded/postgres-user.js';
import { Postmaster, PostmasterFault } from './embedded/postmaster.js';
import { embeddedUrl, makeSocketDirectory } from './embedded/socket-directory.js';
import { StartupError } from './startup-error.js';

export interface EmbeddedPostgresOptions {
  /** The database's own folder, made at the first start. */
  dataDir: string;
  /** Gets sentences for the operator: what takes its time at this start. Postgres's own log goes to the logger. */
  log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  url: string;
  /** Waits for the end of the process. A second call does no harm. */
  stop(): Promise<void>;
}

/** For how many milliseconds a start waits for the database of a Guildcast that was killed to end. */
const orphanPatience = 10_000;
const longestPause = 10_000;
const logger = new Logger('EmbeddedPostgres');

/**
 * Starts a real Postgres on a Unix socket, and again should it ever end by itself. Ends with this process, even a
 * killed one. Call it from the main thread: the database ends with the thread that started it.
 * @throws StartupError
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const data = canonicalPath(options.dataDir);
  const log = options.log ?? (() => undefined);
  const fresh = !holdsDatabase(data);
  const user = choosePostgresUser(locateBinaries(), data);
  prepareParent(data, user);
  if (fresh) {
    log(`First start: making the database in ${data}. This takes a few seconds.`);
    await makeDatabase(data, user);
  }
  const socket = makeSocketDirectory(data, user);
  const launch = () => launchWhenFree(user, { data, socket: socket.path }, log);
  try {
    const guard = new PostgresGuard(launch, await launch());
    return {
      url: embeddedUrl(socket.path),
      stop: () => guard.stop().finally(() => socket.remove()),
    };
  } catch (error) {
    socket.remove();
    throw error;
  }
}

async function launchWhenFree(
  user: PostgresUser,
  directory: { data: string; socket: string },
  log: (line: string) => void,
): Promise<Postmaster> {
  const deadline = performance.now() + orphanPatience;
  let said = false;
  for (;;) {
    const occupant = await findOccupant(directory.data);
    if (occupant.kind === 'held') throw inUse(directory.data, occupant.by);
    if (occupant.kind === 'none') {
      handOver(directory.data, user);
      try {
        return await Postmaster.start(user, directory);
      } catch (error) {
        if (!(error instanceof PostmasterFault)) throw error;
        if (!error.locked) throw new StartupError(`The embedded Postgres did not start: ${error.message}.`);
      }
    } else {
      interrupt(occupant.pid);
    }
    if (!said)
      log(`The database in ${directory.data} is still in use by a program that was killed: waiting for its end.`);
    said = true;
    if (performance.now() > deadline) throw inUse(directory.data, 'a Postgres that does not end');
    await delay(100);
  }
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // Gone meanwhile, or another user's: whether the directory is free is asked again.
  }
}

function inUse(dataDir: string, by: string): StartupError {
  return new StartupError(
    `The data directory ${dataDir} is in use (${by}): stop that first, or choose another DATA_DIR.`,
  );
}

/** Starts the database again, at the same address, when it ends unasked. */
class PostgresGuard {
  private readonly stopping = new AbortController();
  private readonly watch: Promise<void>;

  constructor(
    private readonly launch: () => Promise<Postmaster>,
    private current: Postmaster,
  ) {
    this.watch = this.keepUp();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.current.stop();
    await this.watch;
  }

  private async keepUp(): Promise<void> {
    for (;;) {
      await this.current.ended;
      const next = await this.startAgain();
      if (!next) return;
      this.current = next;
    }
  }

  /** Undefined when it is to stop. */
  private async startAgain(): Promise<Postmaster | undefined> {
    for (let pause = 100; !this.stopping.signal.aborted; pause = Math.min(pause * 3, longestPause)) {
      logger.warn('Postgres ended by itself: starting it again');
      const started = await this.launch().catch((error: Error) => logger.error(error.message));
      if (started && !this.stopping.signal.aborted) return started;
      if (started) await started.stop();
      else await delay(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
    return undefined;
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { locateBinaries } from './embedded/postgres-binaries.js';
import { StartupError } from './startup-error.js';

export interface EmbeddedPostgresOptions {
  /** The database's own folder; made at the first start. */
  dataDir: string;
  log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  url: string;
  stop(): Promise<void>;
}

export async function startEmbeddedPostgres({ dataDir, log }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const native = locateBinaries();
  const command = (binary: string, args: string[]): [string, string[]] => {
    const tail = ['--pdeathsig', 'INT', path.join(native, 'bin', binary), ...args];
    return process.getuid?.() === 0
      ? ['unshare', ['--user', '--map-user=65534', '--map-group=65534', '--', 'setpriv', ...tail]]
      : ['setpriv', tail];
  };
  if (!existsSync(path.join(dataDir, 'PG_VERSION'))) {
    const aside = `${dataDir}.init-${process.pid}`;
    mkdirSync(path.dirname(dataDir), { recursive: true });
    rmSync(aside, { recursive: true, force: true });
    await promisify(execFile)(
      ...command('initdb', ['-D', aside, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8']),
    );
    renameSync(aside, dataDir);
  }
  const settings = ['listen_addresses=', 'shared_buffers=64MB', 'max_connections=60'].flatMap((s) => ['-c', s]);
  const child: ChildProcess = spawn(...command('postgres', ['-D', dataDir, '-k', dataDir, ...settings]), {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr! }).on('line', (line) => {
      log?.(line);
      if (line.includes('ready to accept connections')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new StartupError(`The embedded Postgres ended with code ${code}.`)));
  });
  return {
    url: `postgresql://postgres@localhost/postgres?host=${encodeURIComponent(dataDir)}&port=5432&sslmode=disable`,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGINT');
      }),
  };
}

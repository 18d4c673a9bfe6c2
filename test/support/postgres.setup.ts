import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import { type TestProject } from 'vitest/node';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { copyDatabase } from './copy-database.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The superuser's URL of the cluster that all tests share. Use `createTestDatabase`. */
    postgresUrl: string;
    /** The folder of a database that nobody runs. Use `fromTemplate`. */
    postgresTemplate: string;
  }
}

// Outlives us however we end: the pipe closes, Postgres stops (its parent is gone), then the folder goes.
const broom = `
cat > /dev/null
tries=0
while [ -e "$1/postgres/postmaster.pid" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$1"
`;

/** Its data ends with the tests: nobody waits for a disk, and nothing is tidied up. Templates stay as Postgres has them. */
const carefree = ['fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum'].map((name) => `${name} = off\n`);

/** Made once, and copied for the cluster that all tests share and for those tests that start one of their own. */
async function makeAndStart(template: string, dataDir: string): Promise<EmbeddedPostgres> {
  await (await startEmbeddedPostgres({ dataDir: template })).stop();
  await copyDatabase(template, dataDir);
  await appendFile(path.join(dataDir, 'postgresql.auto.conf'), carefree.join(''));
  return startEmbeddedPostgres({ dataDir });
}

/** One cluster for all test files. Runs in the main thread, whose end is also the database's end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  Logger.overrideLogger(['warn', 'error', 'fatal']);
  const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-tests-'));
  // Where root may make no user namespace, Postgres runs as a user who must get through.
  chmodSync(folder, 0o755);
  const sweeper = spawn('sh', ['-c', broom, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const swept = once(sweeper, 'exit');
  const template = path.join(folder, 'template');
  const postgres = await makeAndStart(template, path.join(folder, 'postgres')).catch((error: unknown) => {
    sweeper.stdin.end();
    throw error;
  });
  project.provide('postgresUrl', postgres.url);
  project.provide('postgresTemplate', template);
  return async () => {
    await postgres.stop();
    sweeper.stdin.end();
    await swept;
  };
}

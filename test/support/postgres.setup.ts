import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, statfsSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { type TestProject } from 'vitest/node';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { migrate } from '../../src/database/migrated-data-source.js';
import { copyDatabase } from './copy-database.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The superuser's URL of the cluster that all tests share. Use `createTestDatabase`. */
    postgresUrl: string;
    /** The name of a database in it whose schema is up to date. Nobody connects to it, so that it can be copied. */
    postgresMigrated: string;
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
const carefree = [
  ...['fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum'].map((name) => `${name} = off\n`),
  // Several applications at once have a pool each.
  'max_connections = 300\n',
  // The log is never read, and may be in memory.
  'wal_level = minimal\nmax_wal_senders = 0\nmax_wal_size = 128MB\nmin_wal_size = 32MB\n',
];

/** Bytes, of which the tests fill a small part. */
const plenty = 4 * 1024 ** 3;

/**
 * Databases are hundreds of small files, made and removed all the time: where there is memory for them, no file system of
 * a disk has to find room for each.
 */
function roomForDatabases(): string {
  const inMemory = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(inMemory);
    if (bavail * bsize > plenty && freemem() > plenty) return inMemory;
  } catch {
    // There is none here.
  }
  return tmpdir();
}

const migrated = 'guildcast_migrated';

/**
 * Made once, and copied for the cluster that all tests share and for those tests that start one of their own. Each holds
 * the schema that our migrations make, in the database that a program of ours uses.
 */
async function makeAndStart(template: string, dataDir: string): Promise<EmbeddedPostgres> {
  const made = await startEmbeddedPostgres({ dataDir: template });
  try {
    await migrate({ url: made.url });
  } finally {
    await made.stop();
  }
  await copyDatabase(template, dataDir);
  await appendFile(path.join(dataDir, 'postgresql.auto.conf'), carefree.join(''));
  const postgres = await startEmbeddedPostgres({ dataDir });
  await keepMigrated(postgres);
  return postgres;
}

async function keepMigrated({ url }: EmbeddedPostgres): Promise<void> {
  // Of a database that is copied there may be no connection.
  const elsewhere = new URL(url);
  elsewhere.pathname = '/template1';
  const client = new Client({ connectionString: elsewhere.href });
  await client.connect();
  try {
    await client.query(
      `create database ${migrated} template ${new URL(url).pathname.slice(1)} allow_connections false`,
    );
  } finally {
    await client.end();
  }
}

/** One cluster for all test files. Runs in the main thread, whose end is also the database's end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  Logger.overrideLogger(['warn', 'error', 'fatal']);
  const folder = mkdtempSync(path.join(roomForDatabases(), 'guildcast-tests-'));
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
  project.provide('postgresMigrated', migrated);
  project.provide('postgresTemplate', template);
  return async () => {
    await postgres.stop();
    sweeper.stdin.end();
    await swept;
  };
}

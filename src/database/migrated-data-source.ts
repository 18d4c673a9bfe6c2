import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type ClientBase } from 'pg';
import { DataSource, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { describeConnectionFault, unreachableDatabase } from './connection-fault.js';
import { type DatabaseConnection } from './database-connection.js';
import { ImpatientClient } from './impatient-client.js';
import { migrations } from './migrations/index.js';
import { StartupError } from './startup-error.js';

/** Any number, the same in every Guildcast: who holds it migrates. */
const migrationLock = 7_163_905_218;
/** How many milliseconds a start waits for another one that migrates. */
const migrationPatience = 60_000;
const logger = new Logger('Database');

/**
 * The plan of a prepared statement is kept. One that was made while a table was nearly empty must not walk through it
 * for minutes once it has grown; and compiling what answers in a millisecond costs a hundred.
 */
const findByIndex = (client: ClientBase) => client.query('set enable_seqscan = off; set jit = off');

export function dataSourceOptions({ url, poolSize = 10 }: DatabaseConnection): DataSourceOptions {
  return {
    type: 'postgres',
    // Read by the driver itself: TypeORM's own reading of URLs knows no Unix sockets.
    extra: {
      connectionString: url,
      Client: ImpatientClient,
      keepAlive: true,
      idleTimeoutMillis: 30_000,
      onConnect: findByIndex,
    },
    poolSize,
    connectTimeoutMS: 5_000,
    applicationName: 'guildcast',
    installExtensions: false,
    synchronize: false,
    migrationsRun: false,
    logging: false,
    // An idle connection that breaks is dropped by the pool; without a listener it would end the process.
    poolErrorHandler: (error: unknown) => logger.warn(`An idle connection broke: ${describeConnectionFault(error)}`),
  };
}

/**
 * Brings the schema up to date, on connections of its own, which may take their time. Of processes that start at once
 * one does it, and the others wait.
 * @throws StartupError, also when the database cannot be reached
 */
export async function migrate(connection: DatabaseConnection): Promise<void> {
  const dataSource = new DataSource({
    ...dataSourceOptions({ ...connection, poolSize: 2 }),
    extra: { connectionString: connection.url },
    migrations,
  });
  try {
    await dataSource.initialize();
  } catch (error) {
    throw unreachableDatabase(connection.url, error);
  }
  try {
    await migrateAlone(dataSource);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupError(`The database's schema cannot be brought up to date: ${reason}.`, { cause: error });
  } finally {
    await dataSource.destroy();
  }
}

async function migrateAlone(dataSource: DataSource): Promise<void> {
  const holder = dataSource.createQueryRunner();
  try {
    await takeLock(holder);
    const applied = await dataSource.runMigrations({ transaction: 'each' });
    if (applied.length > 0) logger.log(`Migrations applied: ${applied.map(({ name }) => name).join(', ')}`);
  } finally {
    // The lock goes with the connection, which ends with the data source.
    await holder.release();
  }
}

async function takeLock(holder: QueryRunner): Promise<void> {
  const deadline = performance.now() + migrationPatience;
  for (;;) {
    const rows = (await holder.query('select pg_try_advisory_lock($1) as taken', [migrationLock])) as unknown;
    if ((rows as { taken: boolean }[])[0]?.taken) return;
    if (performance.now() > deadline) {
      throw new StartupError(
        'Another Guildcast has been changing the schema of the database for too long: look at it.',
      );
    }
    await delay(100);
  }
}

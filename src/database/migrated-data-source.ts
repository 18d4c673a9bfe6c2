import { Logger } from '@nestjs/common';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { unreachableDatabase } from './connection-fault.js';
import { type DatabaseConnection } from './database-connection.js';
import { migrations } from './migrations/index.js';
import { StartupError } from './startup-error.js';

/** Any number, the same in every Guildcast: who holds it migrates. */
const migrationLock = 7_163_905_218;
const logger = new Logger('Database');

export function dataSourceOptions({ url, poolSize = 10 }: DatabaseConnection): DataSourceOptions {
  return {
    type: 'postgres',
    // Read by the driver itself: TypeORM's own reading of URLs knows no Unix sockets.
    extra: { connectionString: url, keepAlive: true, idleTimeoutMillis: 30_000 },
    poolSize,
    connectTimeoutMS: 5_000,
    applicationName: 'guildcast',
    installExtensions: false,
    synchronize: false,
    migrationsRun: false,
    migrations,
    // An idle connection that breaks is dropped by the pool; without a listener it would end the process.
    poolErrorHandler: (error: Error) => logger.warn(`An idle connection broke: ${error.message}`),
  };
}

/** Connects and brings the schema up to date; of two processes that start at once, one waits for the other. */
export async function openDataSource(options: DataSourceOptions, url: string): Promise<DataSource> {
  const dataSource = new DataSource(options);
  try {
    await dataSource.initialize();
  } catch (error) {
    throw unreachableDatabase(url, error);
  }
  try {
    await migrate(dataSource);
  } catch (error) {
    await dataSource.destroy();
    throw new StartupError(`The database's schema cannot be brought up to date: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return dataSource;
}

async function migrate(dataSource: DataSource): Promise<void> {
  const holder = dataSource.createQueryRunner();
  try {
    await holder.query('select pg_advisory_lock($1)', [migrationLock]);
    const done = await dataSource.runMigrations({ transaction: 'each' });
    if (done.length > 0) logger.log(`Applied ${done.length} migrations`);
    await holder.query('select pg_advisory_unlock($1)', [migrationLock]);
  } finally {
    await holder.release();
  }
}

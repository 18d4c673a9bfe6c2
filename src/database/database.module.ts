import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type DatabaseConnection } from './database-connection.js';
import { DatabaseHealth } from './database-health.js';
import { dataSourceOptions, migrate } from './migrated-data-source.js';
import { PgListener } from './pg-listener.js';

/** For every feature: the data source, its schema up to date, and one connection that hears every NOTIFY. */
@Module({})
export class DatabaseModule {
  /** Fails with a `StartupError` when the database cannot be used. */
  static forRoot(connection: DatabaseConnection): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      imports: [
        TypeOrmModule.forRootAsync({
          // The start fails at once: whoever runs it is told, and a supervisor may try again.
          useFactory: async () => {
            await migrate(connection);
            return { ...dataSourceOptions(connection), autoLoadEntities: true, toRetry: () => false };
          },
        }),
      ],
      providers: [DatabaseHealth, PgListener],
      exports: [DatabaseHealth, PgListener],
    };
  }
}

import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { type DatabaseConnection } from './database-connection.js';
import { DatabaseHealth } from './database-health.js';
import { dataSourceOptions, migrate } from './migrated-data-source.js';

/** The data source for every feature's `TypeOrmModule.forFeature`, its schema up to date, and `DatabaseHealth`. */
@Module({})
export class DatabaseModule {
  /** Fails with a `StartupError` when the database cannot be used. */
  static forRoot(connection: DatabaseConnection): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          // The start fails at once: whoever runs it is told, and a supervisor may try again.
          useFactory: async () => {
            await migrate(connection);
            return { ...dataSourceOptions(connection), autoLoadEntities: true, toRetry: () => false };
          },
        }),
      ],
      providers: [DatabaseHealth],
      exports: [DatabaseHealth],
    };
  }
}

import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { ZodValidationPipe } from 'nestjs-zod';
import { GuildsController } from './guilds.controller.js';
import { HEALTH_CHECKS, type HealthCheck } from './health-check.js';
import { HealthController } from './health.controller.js';
import { NotificationsController } from './notifications.controller.js';
import { ProblemFilter } from './problem.filter.js';
import { Readiness } from './readiness.js';
import { VersionController } from './version.controller.js';

export interface RestOptions {
  /** The modules that the controllers and the health checks ask. */
  imports: NonNullable<ModuleMetadata['imports']>;
  /** Providers of the checks behind `/readyz`, in the order of its answer. */
  healthChecks: (new (...dependencies: never[]) => HealthCheck)[];
}

@Module({})
export class RestModule {
  static forRoot({ imports, healthChecks }: RestOptions): DynamicModule {
    const checks: Provider = {
      provide: HEALTH_CHECKS,
      useFactory: (...list: HealthCheck[]) => list,
      inject: healthChecks,
    };
    return {
      module: RestModule,
      imports,
      controllers: [GuildsController, NotificationsController, HealthController, VersionController],
      providers: [
        Readiness,
        ...(healthChecks as Provider[]),
        checks,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: ZodValidationPipe },
      ],
      exports: [Readiness],
    };
  }
}

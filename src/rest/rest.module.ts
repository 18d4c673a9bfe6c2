import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { ZodValidationPipe } from 'nestjs-zod';
import { Metrics } from '../telemetry/metrics.js';
import { MetricsModule } from '../telemetry/metrics.module.js';
import { AdminGuildsController } from './admin-guilds.controller.js';
import { AlertRulesController } from './alert-rules.controller.js';
import { AsyncApiController } from './asyncapi.controller.js';
import { GuildSettingsController } from './guild-settings.controller.js';
import { DiscordLoginController } from './discord-login.controller.js';
import { GuildPasswordsController } from './guild-passwords.controller.js';
import { discordDialect } from './discord-dialect/index.js';
import { GuildsController } from './guilds.controller.js';
import { HEALTH_CHECKS, type HealthCheck } from './health-check.js';
import { HealthController } from './health.controller.js';
import { HooksController } from './hooks.controller.js';
import { HiddenMembersController } from './hidden-members.controller.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsServer, type MetricsServerOptions } from './metrics.server.js';
import { NotificationPreviewController } from './notification-preview.controller.js';
import { NotifyController } from './notify.controller.js';
import { NotificationsController } from './notifications.controller.js';
import { PulledNotificationsController } from './pulled-notifications.controller.js';
import { QueueAdminController } from './queue-admin.controller.js';
import { QueueAdminJobsController } from './queue-admin-jobs.controller.js';
import { ProblemFilter } from './problem.filter.js';
import { QueueSourcesController } from './queue-sources.controller.js';
import { QueueBoardsController } from './queue-boards.controller.js';
import { QueueDestinationsController } from './queue-destinations.controller.js';
import { Readiness } from './readiness.js';
import { RoutesController } from './routes.controller.js';
import { StoredGuildsController } from './stored-guilds.controller.js';
import { StoredMembersController } from './stored-members.controller.js';
import { WebhookEndpointsController } from './webhook-endpoints.controller.js';
import { TemplatesController } from './templates.controller.js';
import { VersionController } from './version.controller.js';

export interface RestOptions {
  /** The modules that the controllers and the health checks ask. */
  imports: NonNullable<ModuleMetadata['imports']>;
  /** Providers of the checks behind `/readyz`, in the order of its answer. */
  healthChecks: (new (...dependencies: never[]) => HealthCheck)[];
  /** Where to serve the metrics without a key; left out, nowhere. */
  metricsServer?: MetricsServerOptions;
}

@Module({})
export class RestModule {
  static forRoot({ imports, healthChecks, metricsServer }: RestOptions): DynamicModule {
    const checks: Provider = {
      provide: HEALTH_CHECKS,
      useFactory: (...list: HealthCheck[]) => list,
      inject: healthChecks,
    };
    const server: Provider[] = metricsServer
      ? [
          {
            provide: MetricsServer,
            useFactory: (metrics: Metrics) => new MetricsServer(metrics, metricsServer),
            inject: [Metrics],
          },
        ]
      : [];
    return {
      module: RestModule,
      imports: [...imports, MetricsModule],
      controllers: [
        GuildsController,
        AdminGuildsController,
        GuildSettingsController,
        HiddenMembersController,
        GuildPasswordsController,
        DiscordLoginController,
        StoredGuildsController,
        StoredMembersController,
        AlertRulesController,
        NotificationPreviewController,
        NotificationsController,
        TemplatesController,
        PulledNotificationsController,
        WebhookEndpointsController,
        QueueSourcesController,
        RoutesController,
        NotifyController,
        HooksController,
        QueueAdminController,
        QueueAdminJobsController,
        QueueBoardsController,
        QueueDestinationsController,
        ...discordDialect,
        HealthController,
        VersionController,
        MetricsController,
        AsyncApiController,
      ],
      providers: [
        Readiness,
        ...(healthChecks as Provider[]),
        checks,
        ...server,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: ZodValidationPipe },
      ],
      exports: [Readiness],
    };
  }
}

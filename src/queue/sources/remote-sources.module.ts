import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { MetricsModule } from '../../telemetry/metrics.module.js';
import { RemoteEventsRepository } from './remote-events.repository.js';
import { RemoteSources } from './remote-sources.js';
import { REMOTE_SOURCES_CONFIG, type RemoteSourcesConfig } from './remote-sources.config.js';
import { RemoteSourcesMetrics } from './remote-sources.metrics.js';
import { SourceIntake } from './source-intake.js';

interface RemoteSourcesOptions {
  config: RemoteSourcesConfig;
  /** The module that provides `NotificationQueue` and `QueueInspection`. The data source is global. */
  imports: NonNullable<ModuleMetadata['imports']>;
}

/** Other queues of the `/discord/*` dialect, whose events are delivered here. */
@Module({})
export class RemoteSourcesModule {
  static forRoot({ config, imports }: RemoteSourcesOptions): DynamicModule {
    return {
      module: RemoteSourcesModule,
      imports: [...imports, MetricsModule],
      providers: [
        { provide: REMOTE_SOURCES_CONFIG, useValue: config },
        RemoteEventsRepository,
        RemoteSourcesMetrics,
        SourceIntake,
        RemoteSources,
      ],
      exports: [RemoteSources],
    };
  }
}

import { type DynamicModule, Global, Module } from '@nestjs/common';
import { MetricsModule } from '../telemetry/metrics.module.js';
import { EventLog } from './event-log.js';
import { type EventLogConfig } from './event-log.config.js';
import { EventLogMetrics } from './event-log.metrics.js';
import { MemoryEventLog } from './memory-event-log.js';

/** Global, since every floor above speaks through the log. */
@Global()
@Module({})
export class EventLogModule {
  static forRoot(config: EventLogConfig): DynamicModule {
    return {
      module: EventLogModule,
      imports: [MetricsModule],
      providers: [
        {
          provide: EventLog,
          useFactory: () =>
            new MemoryEventLog({ historySize: config.HISTORY_SIZE, historyAge: config.HISTORY_SECONDS * 1000 }),
        },
        EventLogMetrics,
      ],
      exports: [EventLog],
    };
  }
}

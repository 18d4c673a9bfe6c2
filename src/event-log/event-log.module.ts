import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Metrics } from '../telemetry/metrics.js';
import { MetricsModule } from '../telemetry/metrics.module.js';
import { EventLog } from './event-log.js';
import { type EventLogConfig } from './event-log.config.js';
import { EventLogMetrics } from './event-log.metrics.js';
import { GatedLog } from './gated-log.js';
import { MemoryEventLog } from './memory-event-log.js';
import { PresenceCoalescer } from './presence-coalescer.js';

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
          provide: PresenceCoalescer,
          useFactory: (metrics: Metrics) => {
            const log = new MemoryEventLog({
              historySize: config.HISTORY_SIZE,
              historyAge: config.HISTORY_SECONDS * 1000,
            });
            return new PresenceCoalescer(log, config.PRESENCE_WINDOW_MS, coalescedCounter(metrics));
          },
          inject: [Metrics],
        },
        { provide: GatedLog, useFactory: (log: PresenceCoalescer) => new GatedLog(log), inject: [PresenceCoalescer] },
        { provide: EventLog, useExisting: GatedLog },
        EventLogMetrics,
      ],
      exports: [EventLog, GatedLog],
    };
  }
}

function coalescedCounter(metrics: Metrics): () => void {
  const counter = metrics.counter({
    name: 'guildcast_presence_coalesced_total',
    help: 'Changes of presence that a later one of the same member and window took the place of.',
    labels: {},
  });
  return () => counter.inc({});
}

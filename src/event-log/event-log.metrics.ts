import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { domainEventTypes } from '../domain/events/index.js';
import { Metrics } from '../telemetry/metrics.js';
import { EventLog } from './event-log.js';

/** Counts what goes through the log, and how much it holds. */
@Injectable()
export class EventLogMetrics implements OnApplicationShutdown {
  private readonly unsubscribe: () => void;

  constructor(log: EventLog, metrics: Metrics) {
    const events = metrics.counter({
      name: 'guildcast_events_total',
      help: 'Events that got their place in the log.',
      labels: { type: domainEventTypes },
    });
    metrics.readAtScrape(
      {
        name: 'guildcast_event_log_events',
        help: 'Events held for those who come back, all guilds together.',
        labels: {},
      },
      () => [{ labels: {}, value: log.size() }],
    );
    this.unsubscribe = log.subscribe(({ type }) => events.inc({ type }));
  }

  /** Not earlier: what happens while the application drains counts too. */
  onApplicationShutdown(): void {
    this.unsubscribe();
  }
}

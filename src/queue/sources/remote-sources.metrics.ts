import { Inject, Injectable } from '@nestjs/common';
import { type CountedMetric, Metrics } from '../../telemetry/metrics.js';
import { RemoteEventsRepository } from './remote-events.repository.js';
import { REMOTE_SOURCES_CONFIG, type RemoteSourcesConfig } from './remote-sources.config.js';
import { type SourceMark } from './source-client.js';

/** polled: taken over · processed, failed: the source was told so · malformed: nothing that could be delivered. */
const whats = ['polled', 'processed', 'failed', 'malformed'] as const;
const results = ['ok', 'failed'] as const;
const openStates = ['waiting', 'untold'] as const;

/** What this process does for sources. Sources are known by their names, which the operator chose, and are few. */
@Injectable()
export class RemoteSourcesMetrics {
  private readonly events: CountedMetric<{ source: readonly string[]; what: typeof whats }>;
  private readonly polls: CountedMetric<{ source: readonly string[]; result: typeof results }>;

  constructor(
    @Inject(REMOTE_SOURCES_CONFIG) { QUEUE_SOURCES: sources }: RemoteSourcesConfig,
    repository: RemoteEventsRepository,
    metrics: Metrics,
  ) {
    const source: readonly string[] = sources.map(({ name }) => name);
    this.events = metrics.counter({
      name: 'guildcast_remote_source_events_total',
      help: 'Events of remote sources: taken over by this process, and what it told the source became of them.',
      labels: { source, what: whats },
    });
    this.polls = metrics.counter({
      name: 'guildcast_remote_source_polls_total',
      help: 'Polls of remote sources by this process. Of several processes one polls a source.',
      labels: { source, result: results },
    });
    const figures = async () => {
      const rows = await repository.figures(sources.map(({ identity }) => identity));
      return sources.flatMap(({ name, identity }) => {
        const row = rows.find((figure) => figure.source === identity);
        return row ? [{ name, row }] : [];
      });
    };
    metrics.readAtScrape(
      {
        name: 'guildcast_remote_source_open_events',
        help: 'Events of remote sources that wait to be delivered here, or whose end the source is not told yet.',
        labels: { source, state: openStates },
      },
      async () =>
        (await figures()).flatMap(({ name, row }) =>
          openStates.map((state) => ({ labels: { source: name, state }, value: row[state] })),
        ),
    );
    metrics.readAtScrape(
      {
        name: 'guildcast_remote_source_last_poll_timestamp_seconds',
        help: 'When a remote source last answered a poll, of any process.',
        labels: { source },
      },
      async () =>
        (await figures()).flatMap(({ name, row: { polledAt } }) =>
          polledAt === null ? [] : [{ labels: { source: name }, value: polledAt.getTime() / 1000 }],
        ),
    );
  }

  polled(source: string, fresh: number, malformed: number): void {
    this.polls.inc({ source, result: 'ok' });
    this.events.inc({ source, what: 'polled' }, fresh);
    this.events.inc({ source, what: 'malformed' }, malformed);
  }

  failedToPoll(source: string): void {
    this.polls.inc({ source, result: 'failed' });
  }

  told(source: string, outcome: SourceMark['outcome']): void {
    this.events.inc({ source, what: outcome });
  }
}

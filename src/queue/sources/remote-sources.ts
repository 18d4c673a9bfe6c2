import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PgListener } from '../../database/pg-listener.js';
import { reachDatabase } from '../reach-database.js';
import { remoteEventsChannel, RemoteEventsRepository, type SourceFigures } from './remote-events.repository.js';
import { REMOTE_SOURCES_CONFIG, type RemoteSource, type RemoteSourcesConfig } from './remote-sources.config.js';
import { RemoteSourcesMetrics } from './remote-sources.metrics.js';
import { SourceIntake } from './source-intake.js';
import { SourcePoller } from './source-poller.js';

/** How a source stands, over all processes and restarts. Nothing of its address but a host, and only without a name. */
export interface RemoteSourceStatus {
  name: string;
  /** idle: no poll has ended yet. */
  state: 'idle' | 'ok' | 'failing';
  /** Events taken over. */
  polled: number;
  /** Events of which the source knows that they were delivered, or not. */
  processed: number;
  failed: number;
  /** What was offered and could not be taken. */
  malformed: number;
  waiting: number;
  untold: number;
  /** ISO 8601, of the last poll that was answered. */
  lastPoll: string | null;
  lastError: string | null;
  lastErrorAt: string | null;
}

/** The other queues that Guildcast polls: their events are delivered here, and each source is told what became of them. */
@Injectable()
export class RemoteSources implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly pollers = new Map<string, SourcePoller>();
  private unlisten?: () => void;

  constructor(
    @Inject(REMOTE_SOURCES_CONFIG) private readonly config: RemoteSourcesConfig,
    private readonly repository: RemoteEventsRepository,
    private readonly intake: SourceIntake,
    private readonly metrics: RemoteSourcesMetrics,
    private readonly listener: PgListener,
  ) {}

  onApplicationBootstrap(): void {
    const { repository, intake, metrics } = this;
    const { QUEUE_SOURCES, QUEUE_SOURCE_INTERVAL } = this.config;
    if (QUEUE_SOURCES.length === 0) return;
    for (const source of QUEUE_SOURCES) {
      const poller = new SourcePoller(source, QUEUE_SOURCE_INTERVAL * 1000, { repository, intake, metrics });
      this.pollers.set(source.identity, poller);
      poller.start();
    }
    this.unlisten = this.listener.listen(remoteEventsChannel, (identity) => {
      for (const [own, poller] of this.pollers) if (identity === undefined || identity === own) poller.ring();
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.unlisten?.();
    await Promise.all([...this.pollers.values()].map((poller) => poller.stop()));
  }

  /** In the order of QUEUE_SOURCES. Fault `service.unavailable`. */
  async status(): Promise<RemoteSourceStatus[]> {
    const { QUEUE_SOURCES: sources } = this.config;
    if (sources.length === 0) return [];
    const figures = await reachDatabase(this.repository.figures(sources.map(({ identity }) => identity)));
    return sources.map((source) =>
      statusOf(
        source,
        figures.find((row) => row.source === source.identity),
      ),
    );
  }
}

function statusOf({ name }: RemoteSource, figures: SourceFigures | undefined): RemoteSourceStatus {
  const { polled = 0, processed = 0, failed = 0, malformed = 0, waiting = 0, untold = 0 } = figures ?? {};
  const { polledAt = null, error = null, errorAt = null } = figures ?? {};
  const failing = errorAt !== null && (polledAt === null || errorAt > polledAt);
  return {
    name,
    state: failing ? 'failing' : polledAt === null ? 'idle' : 'ok',
    polled,
    processed,
    failed,
    malformed,
    waiting,
    untold,
    lastPoll: polledAt?.toISOString() ?? null,
    lastError: error,
    lastErrorAt: errorAt?.toISOString() ?? null,
  };
}

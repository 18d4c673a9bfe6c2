import { type RemoteEventsRepository } from './remote-events.repository.js';
import { type RemoteSource } from './remote-sources.config.js';
import { type SourceClient } from './source-client.js';

/** Seconds for which a source keeps events for us; one that knows no leases ignores it. */
export const leaseSeconds = 900;
/** Seconds before their end at which leases are prolonged. */
const early = 600;
/** Leases of one turn, so that marks and polls get theirs too. */
const batch = 50;

/**
 * Keeps the leases of what waits here: a lease that ends counts as a failed try at the source, and Discord may be away for
 * longer than the source has tries.
 */
export class SourceLeases {
  constructor(
    private readonly source: RemoteSource,
    private readonly client: SourceClient,
    private readonly repository: RemoteEventsRepository,
  ) {}

  /**
   * Answers whether there may be more.
   * @throws SourceError when the source does not answer
   */
  async prolong(signal: AbortSignal): Promise<boolean> {
    const { identity } = this.source;
    const ending = await this.repository.endingLeases(identity, early, batch);
    for (const lease of ending) {
      const held = await this.client.extend(lease.remoteId, lease.leaseToken, leaseSeconds, signal);
      await this.repository.prolonged(identity, lease, held ? leaseSeconds : null);
    }
    return ending.length === batch;
  }
}

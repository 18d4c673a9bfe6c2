import { Inject, Injectable, Logger } from '@nestjs/common';
import { type SendOutcome } from '../domain/notification.js';
import { DestinationCircuit } from './destinations/destination-circuit.js';
import { type ClaimedNotification, LeaseRepository, type Places } from './lease.repository.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { QueueMetrics } from './queue.metrics.js';

/** What the worker takes out of the table, under its leases, and what it gives back. */
@Injectable()
export class NotificationClaims {
  private readonly logger = new Logger(NotificationClaims.name);

  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly repository: LeaseRepository,
    private readonly circuit: DestinationCircuit,
    private readonly metrics: QueueMetrics,
  ) {}

  /** Up to `places` that are due, but for destinations to pass over. */
  async take(places: Places, passing: readonly string[]): Promise<ClaimedNotification[]> {
    const claimed = await this.repository.claim(places, this.config.QUEUE_LEASE_SECONDS, passing);
    this.metrics.leasesExpired('push', claimed.filter(({ abandoned }) => abandoned).length);
    return claimed;
  }

  /** Those that may go out; the others wait in the table again, since their targets fail. */
  admit(claimed: readonly ClaimedNotification[]): Promise<ClaimedNotification[]> {
    return this.circuit.admit(claimed);
  }

  /** How a try ended; answers whether nothing more goes to its target for now. */
  note(notification: ClaimedNotification, outcome: SendOutcome): Promise<boolean> {
    return this.circuit.note(notification, outcome);
  }

  /** Offers them again at once; failing that, their leases run out. */
  async giveBack(notifications: ClaimedNotification[]): Promise<void> {
    if (notifications.length === 0) return;
    await this.repository
      .giveBack(notifications)
      .catch((error: unknown) =>
        this.logger.warn(`Notifications are offered again after their lease: ${String(error)}`),
      );
  }

  async extend(notifications: ClaimedNotification[]): Promise<void> {
    if (notifications.length === 0) return;
    try {
      await this.repository.extend(notifications, this.config.QUEUE_LEASE_SECONDS);
    } catch (error) {
      this.logger.warn(`Leases were not extended: ${String(error)}`);
    }
  }

  /**
   * Seconds until the next one falls due or loses its lease, negative if one has; undefined when none waits. Of ways
   * without places nothing counts.
   */
  secondsUntilDue(places: Places): Promise<number | undefined> {
    return this.repository.secondsUntilDue(places);
  }
}

import { Injectable, Logger } from '@nestjs/common';
import { Fault } from '../../domain/fault.js';
import { NotificationQueue } from '../notification-queue.js';
import { QueueInspection } from '../queue-inspection.js';
import { type EventContent, type OfferedEvent, readOfferedEvent } from './remote-event.js';
import { RemoteEventsRepository, type Standing } from './remote-events.repository.js';
import { RemoteSourcesMetrics } from './remote-sources.metrics.js';
import { type RemoteSource } from './remote-sources.config.js';

/** What the queue says of a single event, and not of everything. */
const faultsOfEvent: ReadonlySet<string> = new Set(['request.invalid', 'request.too_large']);

/** Makes notifications of ours of what a source offers, each once, however often it is offered. */
@Injectable()
export class SourceIntake {
  private readonly logger = new Logger(SourceIntake.name);

  constructor(
    private readonly queue: NotificationQueue,
    private readonly inspection: QueueInspection,
    private readonly repository: RemoteEventsRepository,
    private readonly metrics: RemoteSourcesMetrics,
  ) {}

  /**
   * Answers how many events were new. What cannot be delivered is marked as failed and holds up nothing else.
   * @throws Error when the database is away; what was taken so far stays taken
   */
  async take(source: RemoteSource, offered: readonly unknown[], leaseSeconds: number): Promise<number> {
    const read = offered.map(readOfferedEvent);
    // The same event twice in one answer is one.
    const events = new Map(read.flatMap((event) => (event ? [[event.key, event] as const] : [])));
    const { identity, name } = source;
    const noted = await this.repository.note(identity, [...events.values()].map(offerOf), leaseSeconds);
    const standings = await this.repository.standings(identity, [...events.keys()]);
    const standingOf = new Map(standings.map((standing) => [standing.key, standing]));
    const toldInVain: string[] = [];
    // Nobody could ever say what became of an event without an id: it is counted whenever it is offered.
    let unusable = read.filter((event) => event === undefined).length;
    for (const event of events.values()) {
      const standing = standingOf.get(event.key);
      if (!standing) continue;
      if (standing.outcome === null) unusable += await this.publish(identity, event, standing);
      else if (standing.marked && !(await this.tryAgain(identity, event, standing))) toldInVain.push(event.key);
    }
    if (toldInVain.length > 0) await this.repository.tellAgain(identity, toldInVain);
    if (unusable > 0) await this.repository.noteMalformed(identity, unusable);
    this.metrics.polled(name, noted.fresh, noted.malformed + unusable);
    return noted.fresh;
  }

  /** Answers 1 for an event that the queue does not take. */
  private async publish(identity: string, event: OfferedEvent, { notificationId }: Standing): Promise<0 | 1> {
    const { key, content } = event;
    if (notificationId !== null) return 0;
    // One with a fault has ended when it was noted, unless it was a good one then.
    const stored = 'fault' in content ? { refusal: content.fault } : await this.store(identity, key, content);
    if ('refusal' in stored) await this.repository.refuse(identity, key, stored.refusal);
    else await this.repository.link(identity, key, stored.id);
    return 'refusal' in stored ? 1 : 0;
  }

  /**
   * What failed and is offered without any failed try was put right at the source by somebody, who wants it tried anew.
   * False when it is nothing of that kind.
   */
  private async tryAgain(identity: string, event: OfferedEvent, standing: Standing): Promise<boolean> {
    const { key, content, attempts } = event;
    if (standing.outcome !== 'failed' || attempts > 0 || 'fault' in content) return false;
    if (standing.notificationId === null || !(await this.renew(standing.notificationId))) {
      const stored = await this.store(identity, key, content);
      if ('refusal' in stored) {
        await this.repository.refuse(identity, key, stored.refusal);
        return true;
      }
      await this.repository.link(identity, key, stored.id);
      if (!stored.created) await this.renew(stored.id);
    }
    await this.repository.reopen(identity, key);
    return true;
  }

  /**
   * Pushed, whatever is usual here: what is offered to consumers again would go round where queues poll each other.
   * @throws Error for what is no fault of the event, such as a database that is away
   */
  private async store(
    identity: string,
    key: string,
    { userId, type, payload }: EventContent,
  ): Promise<{ id: string; created: boolean } | { refusal: string }> {
    try {
      const publisher = `source:${identity}`;
      const input = { target: { userId }, type, payload, delivery: 'push' as const, publisher, idempotencyKey: key };
      return await this.queue.publish(input);
    } catch (error) {
      if (!(error instanceof Fault)) {
        this.logger.warn(`An event of a source cannot be stored: ${String(error)}`);
        return { refusal: 'it cannot be stored' };
      }
      if (faultsOfEvent.has(error.code)) return { refusal: error.message };
      const id = error.code === 'idempotency.mismatch' ? await this.repository.findStored(identity, key) : undefined;
      if (id === undefined) throw error;
      return { id, created: false };
    }
  }

  /** False when the notification was deleted, its time being over. */
  private async renew(notificationId: string): Promise<boolean> {
    try {
      await this.inspection.retry(notificationId);
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code === 'notification.not_found') return false;
      // It is being delivered already.
      if (error.code === 'request.conflict') return true;
      throw error;
    }
  }
}

function offerOf({ key, remoteId, leaseToken, content }: OfferedEvent) {
  return { key, remoteId, leaseToken, fault: 'fault' in content ? content.fault : null };
}

import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PgListener } from '../database/pg-listener.js';
import { Fault } from '../domain/fault.js';
import { type NotificationState, targetKindOf } from '../domain/notification.js';
import { NotificationAnnouncer } from './notification-announcer.js';
import { notificationNotFound, storedId } from './notification-id.js';
import { wakeChannel } from './notification.repository.js';
import { isPermanentFailure } from './permanent-failures.js';
import { PullWaiters } from './pull-waiters.js';
import {
  type Mark,
  type MarkedNotification,
  type PullAnswer,
  type PullLease,
  PullRepository,
  type PullSelection,
  silent,
} from './pull.repository.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { QueueMetrics } from './queue.metrics.js';
import { reachDatabase } from './reach-database.js';
import { RetrySchedule } from './retry-schedule.js';

/** Claims that may wait at once; any more are answered at once. */
const mostWaiting = 200;
/** Characters of a reason: more of them say nothing, and each poll would carry them. */
const longestReason = 1_000;

export interface PullRequest extends PullSelection {
  /** Left out: the lease is implicit, without tokens, and lasts QUEUE_IMPLICIT_LEASE_SECONDS. */
  leaseSeconds?: number;
  consumer?: string;
}

export interface MarkRequest {
  sent: boolean;
  reason?: string;
  /** No other try can help. Left out, the reason decides. */
  permanent?: boolean;
  token?: string;
  usersOnly?: boolean;
}

/** The consumers' side of the queue: what nobody here delivers. Ids are those of `NotificationQueue`. */
@Injectable()
export class PullQueue implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(PullQueue.name);
  private readonly schedule: RetrySchedule;
  private readonly waiters = new PullWaiters(mostWaiting);
  private readonly stopping = new AbortController();
  private unlisten?: () => void;
  private sweep?: NodeJS.Timeout;
  private sweeping?: Promise<void>;
  private readonly claims = new Set<Promise<PullAnswer>>();

  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly repository: PullRepository,
    private readonly announcer: NotificationAnnouncer,
    private readonly metrics: QueueMetrics,
    private readonly listener: PgListener,
  ) {
    this.schedule = new RetrySchedule(config.QUEUE_RETRY_SCHEDULE);
  }

  onApplicationBootstrap(): void {
    this.unlisten = this.listener.listen(wakeChannel, () => this.waiters.ring());
    // Rooms and figures must be true also where nobody polls.
    this.sweep = setInterval(() => this.sweepLeases(), this.config.QUEUE_POLL_SECONDS * 1000);
  }

  /** Ends all waits at once, and lets claims under way get their answer: what they took would wait for its lease. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    this.unlisten?.();
    clearInterval(this.sweep);
    await Promise.allSettled([...this.claims, this.sweeping]);
  }

  /**
   * Takes what is due, lowest id first. With `waitSeconds` it waits for the first one to come. What was taken is given
   * back if `gone` says that nobody is there any more to get it.
   * @throws Fault `service.unavailable`
   */
  async claim(request: PullRequest, gone: AbortSignal, waitSeconds = 0): Promise<PullAnswer> {
    const deadline = performance.now() + waitSeconds * 1000;
    const ended = AbortSignal.any([gone, this.stopping.signal]);
    for (;;) {
      const { rings } = this.waiters;
      const answer = await this.track(this.claimNow(request, gone));
      const left = deadline - performance.now();
      if (answer.rows.length > 0 || left <= 0 || request.limit === 0 || ended.aborted || !this.waiters.open) {
        // The ring that woke this one may have been for more than it took.
        if (answer.rows.length === request.limit) this.waiters.ring();
        return answer;
      }
      await this.waiters.sleep(Math.min(left, this.config.QUEUE_POLL_SECONDS * 1000), ended, rings);
      if (ended.aborted) {
        // It may have been woken before it went.
        this.waiters.ring();
        return answer;
      }
    }
  }

  /** What a claim would take, without taking it. */
  async look(selection: PullSelection): Promise<PullAnswer> {
    await this.expireLeases();
    return reachDatabase(this.repository.look(selection));
  }

  /**
   * What became of a notification. A repeated `sent` with the token of the first one changes nothing and is no fault.
   * @throws Fault `notification.not_found`, `request.conflict`, `service.unavailable`
   */
  async mark(id: string, { sent, permanent, token, usersOnly, ...request }: MarkRequest): Promise<NotificationState> {
    const reason = sent ? undefined : storableReason(request.reason);
    const refused = permanent ?? (reason !== undefined && isPermanentFailure(reason));
    const mark: Mark = {
      outcome: sent ? 'sent' : refused ? 'refused' : 'failed',
      reason,
      token,
      usersOnly,
      batchSeconds: this.config.QUEUE_IMPLICIT_LEASE_SECONDS,
      delays: this.config.QUEUE_RETRY_SCHEDULE.map((_, index) => this.schedule.delayAfter(index + 1) ?? 0),
    };
    const marked = await reachDatabase(this.repository.mark(storedId(id), mark));
    if (!marked) return this.afterRefusal(id, mark);
    this.metrics.attempted(mark.outcome);
    if (marked.latency !== null) this.metrics.delivered(marked.latency);
    this.tell(marked);
    return marked.state;
  }

  /**
   * Prolongs a named lease to `seconds` from now; answers its end.
   * @throws Fault `notification.not_found`, `request.conflict`, `service.unavailable`
   */
  async extend(id: string, token: string, seconds: number): Promise<Date> {
    const until = await reachDatabase(this.repository.extend(storedId(id), token, seconds));
    if (until) return until;
    if (await reachDatabase(this.repository.standing(id))) throw leaseLost();
    throw notificationNotFound();
  }

  private async track(claim: Promise<PullAnswer>): Promise<PullAnswer> {
    this.claims.add(claim);
    try {
      return await claim;
    } finally {
      this.claims.delete(claim);
    }
  }

  private async claimNow(request: PullRequest, gone: AbortSignal): Promise<PullAnswer> {
    const { leaseSeconds, consumer, ...selection } = request;
    const lease: PullLease =
      leaseSeconds === undefined
        ? { seconds: this.config.QUEUE_IMPLICIT_LEASE_SECONDS, batch: randomUUID(), consumer }
        : { seconds: leaseSeconds, consumer };
    const answer = await this.takeUpTo(selection, lease);
    if (!gone.aborted || answer.rows.length === 0) return answer;
    await reachDatabase(this.repository.giveBack(answer.rows, lease.batch));
    return { ...answer, rows: [] };
  }

  /** Looks for leases that are over where it gets less than it may take; where there is enough, the sweep does. */
  private async takeUpTo(selection: PullSelection, lease: PullLease): Promise<PullAnswer> {
    const first = await reachDatabase(this.repository.claim(selection, lease));
    const left = selection.limit - first.rows.length;
    if (left === 0 || (await this.expireLeases()) === 0) return first;
    const more = await reachDatabase(this.repository.claim({ ...selection, limit: left }, lease));
    const rows = [...first.rows, ...more.rows].sort((a, b) => Number(a.id) - Number(b.id));
    return { at: more.at, rows };
  }

  private async afterRefusal(id: string, { token, outcome, usersOnly }: Mark): Promise<NotificationState> {
    const standing = await reachDatabase(this.repository.standing(id, usersOnly));
    if (!standing) throw notificationNotFound();
    const { delivery, state, leaseToken } = standing;
    if (delivery === 'push') {
      throw new Fault('request.conflict', 'This notification is delivered by the service itself, not by consumers.');
    }
    if (state === 'delivered') {
      // The answer to the first one was lost.
      if (outcome === 'sent' && token !== undefined && token === leaseToken) return state;
      throw new Fault('request.conflict', 'This notification has been delivered already.');
    }
    if (token !== undefined) throw leaseLost();
    throw new Fault('request.conflict', 'This notification is held under a lease: send its token.');
  }

  /** Answers how many were freed or ended. */
  private async expireLeases(): Promise<number> {
    const tries = this.config.QUEUE_RETRY_SCHEDULE.length + 1;
    const expired = await reachDatabase(this.repository.expire(tries));
    this.metrics.leasesExpired('pull', expired.filter(({ reason }) => reason === silent).length);
    for (const marked of expired) this.tell(marked);
    return expired.length;
  }

  private sweepLeases(): void {
    this.sweeping ??= this.expireLeases()
      .then(() => undefined)
      .catch(() => undefined)
      .finally(() => (this.sweeping = undefined));
  }

  private tell({ id, guildId, target, type, nonce, state, attempts, notBefore, reason }: MarkedNotification): void {
    if (state === 'dead') this.logger.warn(`Notification ${id} (${type}) is dead: ${reason}`);
    if (guildId === null) return;
    this.announcer.tell(guildId, nonce, state === 'pending' ? 'retrying' : state, {
      id,
      type,
      target: targetKindOf(target),
      attempts,
      nextAttemptAt: state === 'pending' ? notBefore.toISOString() : undefined,
      reason: reason ?? undefined,
    });
  }
}

function leaseLost(): Fault {
  return new Fault('request.conflict', 'This lease is over: the notification may have been given to another.');
}

/** Text that Postgres takes, and short enough to be carried with each poll. */
function storableReason(reason = ''): string | undefined {
  const text = reason.replaceAll('\0', '\ufffd').trim();
  if (text === '') return undefined;
  return text.length > longestReason ? `${text.slice(0, longestReason - 1)}…` : text;
}

import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PgListener } from '../database/pg-listener.js';
import { type SendOutcome } from '../domain/notification.js';
import { NotificationDelivery } from './notification-delivery.js';
import { DestinationTurns } from './destination-turns.js';
import { type ClaimedNotification, type Places } from './lease.repository.js';
import { NotificationClaims } from './notification-claims.js';
import { wakeChannel } from './notification.repository.js';
import { OutagePause } from './outage-pause.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { QueueMetrics } from './queue.metrics.js';
import { WakeSignal } from './wake-signal.js';

/** Milliseconds that a stop waits for deliveries under way. */
const drainDeadline = 8_000;
/** Milliseconds; keeps a row that others hold from being asked for in a tight loop. */
const shortestSleep = 50;
const crowdedSleep = 1_000;

/**
 * Claims what is due and delivers it, a bounded number at once to Discord and as many elsewhere: neither takes the
 * other's places. Woken by the publishing statement itself; looks by itself when something falls due, and every
 * QUEUE_POLL_SECONDS whatever happens.
 */
@Injectable()
export class DeliveryWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(DeliveryWorker.name);
  private readonly wake = new WakeSignal();
  private readonly outage = new OutagePause();
  /** By lease token: a row whose lease ran out may come back while its first delivery is still under way. */
  private readonly atWork = new Map<string, { notification: ClaimedNotification; done: Promise<void> }>();
  private readonly turns = new DestinationTurns();
  private readonly givenUp = new AbortController();
  private stopping = false;
  private databaseFailures = 0;
  private loop?: Promise<void>;
  private heartbeat?: NodeJS.Timeout;
  private unlisten?: () => void;

  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly claims: NotificationClaims,
    private readonly delivery: NotificationDelivery,
    private readonly listener: PgListener,
    private readonly metrics: QueueMetrics,
  ) {}

  onApplicationBootstrap(): void {
    this.unlisten = this.listener.listen(wakeChannel, () => {
      this.metrics.woken('notify');
      this.wake.ring();
    });
    this.heartbeat = setInterval(
      () => void this.claims.extend(this.held),
      (this.config.QUEUE_LEASE_SECONDS * 1000) / 3,
    );
    this.loop = this.work();
  }

  /** Claims nothing more and waits for what is under way, as long as the deadline allows. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    this.unlisten?.();
    this.wake.ring();
    await this.loop;
    await this.claims.giveBack(this.turns.dismiss());
    await this.drain();
    clearInterval(this.heartbeat);
    this.givenUp.abort();
  }

  private async work(): Promise<void> {
    while (!this.stopping) {
      const sleep = await this.claim().catch((error: unknown) => this.sleepAfter(error));
      if (sleep > 0 && !(await this.wake.sleep(sleep))) this.metrics.woken('time');
    }
  }

  /** Answers the milliseconds to sleep before the next look. */
  private async claim(): Promise<number> {
    const poll = this.config.QUEUE_POLL_SECONDS * 1000;
    const longest = this.outage.remaining > 0 ? Math.min(poll, this.outage.remaining) : poll;
    const { free } = this;
    if (free.discord === 0 && free.elsewhere === 0) return longest;

    const { crowded } = this.turns;
    const claimed = await this.claims.take(free, crowded);
    this.databaseFailures = 0;
    if (this.stopping && claimed.length > 0) {
      await this.claims.giveBack(claimed);
      return 0;
    }
    for (const notification of await this.claims.admit(claimed)) {
      if (this.turns.enter(notification)) this.start(notification);
    }
    if (claimed.length > 0) return 0;
    const due = await this.claims.secondsUntilDue(free);
    // What is due for a crowded destination is taken when a delivery there has ended, which rings.
    const shortest = crowded.length > 0 ? crowdedSleep : shortestSleep;
    return due === undefined ? longest : Math.min(longest, Math.max(shortest, due * 1000));
  }

  /** Places for more deliveries. */
  private get free(): Places {
    const all = this.config.QUEUE_CONCURRENCY;
    let [discord, elsewhere] = [all, all];
    // While nobody knows whether Discord is back, one notification finds out for all that go there.
    if (this.outage.remaining > 0) discord = 0;
    else if (this.outage.doubtful) discord = 1;
    for (const { notification } of this.atWork.values()) {
      if (notification.toDiscord) discord -= 1;
      else elsewhere -= 1;
    }
    return { discord: Math.max(0, discord), elsewhere: Math.max(0, elsewhere) };
  }

  private sleepAfter(error: unknown): number {
    this.databaseFailures += 1;
    if (this.databaseFailures === 1) this.logger.warn(`The queue cannot be read, trying on: ${String(error)}`);
    return Math.min(10_000, 250 * 2 ** this.databaseFailures);
  }

  private start(notification: ClaimedNotification): void {
    const { leaseToken, destination, toDiscord } = notification;
    let heard: SendOutcome | undefined;
    let closed = false;
    const done = this.delivery
      .run(notification, this.givenUp.signal, (outcome) => {
        heard = outcome;
        return toDiscord ? this.takeNote(outcome) : { pauseMs: 0 };
      })
      .then(async () => {
        if (heard) closed = await this.claims.note(notification, heard);
      })
      .finally(() => {
        this.atWork.delete(leaseToken);
        // While nothing gets through, the others need not find out one after the other.
        const held = closed || (toDiscord && this.outage.remaining > 0);
        if (held) void this.claims.giveBack(this.turns.dismiss(destination));
        const next = this.turns.next(destination);
        if (next) this.start(next);
        this.wake.ring();
      });
    this.atWork.set(leaseToken, { notification, done });
  }

  private get held(): ClaimedNotification[] {
    return [...this.atWork.values()].map(({ notification }) => notification).concat(this.turns.waiting);
  }

  private takeNote(outcome: SendOutcome): { pauseMs: number } {
    // A wait that the other side named is about one destination; without one, nothing gets through at present. After a
    // lost answer the others wait too, lest they get lost one after the other.
    const outage =
      outcome.kind === 'unknown' ||
      (outcome.kind === 'retry' && !outcome.burnsAttempt && outcome.retryAfterMs === undefined);
    if (outage) this.outage.failed();
    // Of a pause, or of a message that cannot be sent, nobody may have told but ourselves.
    else if (outcome.kind === 'sent' || (outcome.kind === 'permanent' && outcome.about === undefined)) {
      this.outage.succeeded();
    }
    return { pauseMs: this.outage.remaining };
  }

  private async drain(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainDeadline)));
    await Promise.race([Promise.all([...this.atWork.values()].map(({ done }) => done)), deadline]);
    clearTimeout(timer);
    if (this.atWork.size > 0) {
      this.logger.warn(`${this.atWork.size} deliveries did not end in time; they are offered again after their lease`);
    }
  }
}

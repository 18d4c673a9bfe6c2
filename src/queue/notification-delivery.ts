import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { type RenderedMessage, type SendOutcome } from '../domain/notification.js';
import { BoardDispatch } from './boards/board.dispatch.js';
import { type DeliveryChannel } from './delivery/delivery-channel.js';
import { type ClaimedNotification, LeaseRepository, type Settlement } from './lease.repository.js';
import { timeOver } from './notification.repository.js';
import { QUEUE_CONFIG, type QueueConfig } from './queue.config.js';
import { RetrySchedule } from './retry-schedule.js';
import { SettlementNews } from './settlement-news.js';
import { NotificationRenderer } from './types/notification-renderer.js';

/** Leases after which a channel that never answers is given up: its try then counts as failed. */
const patienceInLeases = 10;
/** Seconds; what the other side may ask for at most, and the least that is worth a new try. */
const longestPostponement = 3_600;
const shortestPostponement = 1;
/**
 * Seconds since a message may have arrived in which a repeated send is surely taken for the first: Discord remembers a
 * nonce for some minutes.
 */
const recognised = 60;
const expired: Settlement = { state: 'dead', outcome: 'expired', reason: timeOver };
const arrived = 'an earlier try had arrived';

/** One claimed notification from its channel to its settled row. */
@Injectable()
export class NotificationDelivery {
  private readonly logger = new Logger(NotificationDelivery.name);
  private readonly schedule: RetrySchedule;

  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly repository: LeaseRepository,
    private readonly dispatch: BoardDispatch,
    private readonly renderer: NotificationRenderer,
    private readonly news: SettlementNews,
  ) {
    this.schedule = new RetrySchedule(config.QUEUE_RETRY_SCHEDULE);
  }

  /**
   * Sends and settles. `onOutcome` hears how the sending ended, if there was any, before the row is settled. While the database is away the
   * settlement is tried again until `signal` ends it; the row is then offered again after its lease.
   */
  async run(
    notification: ClaimedNotification,
    signal: AbortSignal,
    onOutcome: (outcome: SendOutcome) => { pauseMs: number },
  ): Promise<void> {
    const settlement = await this.attempt(notification, onOutcome);
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.settle(notification, settlement);
        return;
      } catch (error) {
        if (failures === 0) this.logger.warn(`Notification ${notification.id} is not settled yet: ${String(error)}`);
        await pause(Math.min(5_000, 100 * 2 ** failures), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async attempt(
    notification: ClaimedNotification,
    onOutcome: (outcome: SendOutcome) => { pauseMs: number },
  ): Promise<Settlement> {
    if (notification.confirmed !== null) {
      return { state: 'delivered', outcome: 'sent', messageId: notification.confirmed || undefined, reason: arrived };
    }
    // Whatever its tries and its time: what is not repeatable may have arrived with the first of them.
    if (notification.begun) {
      return { state: 'unknown', outcome: 'unknown', reason: unknown('the process that sent it fell silent').reason };
    }
    if (notification.expired && notification.doubt === null) return expired;
    const start = performance.now();
    const outcome = await this.send(notification);
    const { pauseMs } = onOutcome(outcome);
    if (outcome.kind === 'permanent' && outcome.reason === timeOver) return expired;
    const settlement = this.settlementOf(notification, outcome, pauseMs);
    const doubtful = outcome.kind === 'retry' && outcome.mayHaveArrived;
    return doubtful ? { ...settlement, doubtSeconds: (performance.now() - start) / 1000 } : settlement;
  }

  private async send(notification: ClaimedNotification): Promise<SendOutcome> {
    // Only lost leases lead here: whatever falls silent with it each time must not be tried for ever.
    if (notification.attempts > this.config.QUEUE_RETRY_SCHEDULE.length) {
      return { kind: 'permanent', about: 'message', reason: 'every process that tried fell silent' };
    }
    const channel = this.dispatch.channelFor(notification.target);
    if (!channel) return { kind: 'permanent', reason: 'no delivery channel goes to this target' };
    let begun = false;
    const begin = async () => channel.repeatable || (begun = await this.begins(notification));
    const failed = (reason: string, about?: 'message'): SendOutcome => {
      if (begun) return unknown(reason);
      const doubt = channel.repeatable && ({ mayHaveArrived: true } as const);
      return { kind: 'retry', reason, burnsAttempt: true, ...doubt, ...(about && { about }) };
    };
    let message: RenderedMessage;
    try {
      message = this.renderer.render(notification, new Date());
    } catch (error) {
      this.logger.error(`Notification ${notification.id} cannot be written`, error);
      return { kind: 'retry', reason: 'the message cannot be written', burnsAttempt: true, about: 'message' };
    }
    const doubt = await this.lookUp(channel, notification, message);
    if ('outcome' in doubt) return doubt.outcome;
    if (notification.expired) return { kind: 'permanent', about: 'message', reason: timeOver };
    const patience = this.config.QUEUE_LEASE_SECONDS * patienceInLeases;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<SendOutcome>((resolve) => {
      timer = setTimeout(() => resolve(failed(`no answer within ${patience} s`)), patience * 1000);
    });
    try {
      const outcome = await Promise.race([this.dispatch.deliver(channel, notification, message, begin), late]);
      return outcome.kind === 'sent' && doubt.note !== undefined ? { ...outcome, note: doubt.note } : outcome;
    } catch (error) {
      this.logger.error(`The ${channel.name} channel failed on notification ${notification.id}`, error);
      return failed(`the ${channel.name} channel failed`, 'message');
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * What an earlier try may have brought there long ago is looked for before it is sent again: the receiver knows a
   * repeated send only for a while.
   */
  private async lookUp(
    channel: DeliveryChannel,
    notification: ClaimedNotification,
    message: RenderedMessage,
  ): Promise<{ outcome: SendOutcome } | { note?: string }> {
    const { doubt } = notification;
    if (doubt === null || !channel.lookUp || (doubt.seconds < recognised && !notification.expired)) return {};
    const found = await channel.lookUp(notification, message, new Date(doubt.since)).catch((error: unknown) => {
      this.logger.error(`The ${channel.name} channel could not look for notification ${notification.id}`, error);
      return { kind: 'unclear' } as const;
    });
    if (found.kind === 'found') return { outcome: { kind: 'sent', messageId: found.messageId, note: arrived } };
    if (found.kind === 'later') {
      const { reason, retryAfterMs } = found;
      return { outcome: { kind: 'retry', burnsAttempt: false, reason, retryAfterMs } };
    }
    return found.kind === 'unclear'
      ? { note: 'may be a repetition: whether an earlier try arrived could not be seen' }
      : {};
  }

  /** False, and nothing may go out, when that cannot be noted, or the lease has gone to another. */
  private async begins(notification: ClaimedNotification): Promise<boolean> {
    try {
      return await this.repository.begin(notification);
    } catch (error) {
      this.logger.warn(`Notification ${notification.id} waits for the database: ${String(error)}`);
      return false;
    }
  }

  private settlementOf({ attempts }: ClaimedNotification, outcome: SendOutcome, pauseMs: number): Settlement {
    if (outcome.kind === 'sent') {
      const { messageId, note } = outcome;
      return { state: 'delivered', outcome: 'sent', messageId, ...(note !== undefined && { reason: note }) };
    }
    const { reason } = outcome;
    if (outcome.kind === 'permanent') return { state: 'dead', outcome: 'refused', reason, fallsBack: true };
    if (outcome.kind === 'unknown') return { state: 'unknown', outcome: 'unknown', reason };
    if (!outcome.burnsAttempt) {
      const wanted = Math.max(outcome.retryAfterMs ?? 0, pauseMs) / 1000;
      const delay = Math.min(longestPostponement, Math.max(shortestPostponement, wanted));
      return { state: 'pending', outcome: 'postponed', delay, reason };
    }
    const delay = this.schedule.delayAfter(attempts + 1);
    if (delay === undefined) return { state: 'dead', outcome: 'failed', reason, fallsBack: true };
    return { state: 'pending', outcome: 'failed', delay: Math.max(delay, (outcome.retryAfterMs ?? 0) / 1000), reason };
  }

  private async settle(notification: ClaimedNotification, settlement: Settlement): Promise<void> {
    const settled = await this.repository.settle(notification, settlement);
    if (settled) this.news.tell(notification, settlement, settled);
    else this.logger.warn(`Notification ${notification.id} went to another worker before this one was done with it`);
  }
}

function unknown(reason: string): SendOutcome & { kind: 'unknown' } {
  return { kind: 'unknown', reason: `${reason}; whether the message arrived cannot be known` };
}

import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { targetKindOf } from '../../domain/notification.js';
import { type ClaimedNotification } from '../lease.repository.js';
import { NotificationAnnouncer } from '../notification-announcer.js';
import { NotificationQueue } from '../notification-queue.js';
import { QUEUE_CONFIG, type QueueConfig } from '../queue.config.js';
import { DestinationRepository, type UntoldDestination } from './destination.repository.js';
import { OwnerNotice } from './owner-notice.js';

/** Milliseconds between looks for what was not told, and for what can be forgotten. */
const interval = 600_000;

/** Tells the room of the guild, and by a notification the route that QUEUE_OWNER_ROUTE names. */
@Injectable()
export class RouteOwnerNotice extends OwnerNotice implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(RouteOwnerNotice.name);
  private timer?: NodeJS.Timeout;
  private telling: Promise<void> = Promise.resolve();

  constructor(
    @Inject(QUEUE_CONFIG) private readonly config: QueueConfig,
    private readonly repository: DestinationRepository,
    private readonly queue: NotificationQueue,
    private readonly announcer: NotificationAnnouncer,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.look(), interval);
    this.look();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.telling;
  }

  switchedOff(
    { id, type, guildId, nonce, target }: Pick<ClaimedNotification, 'id' | 'type' | 'guildId' | 'nonce' | 'target'>,
    reason: string,
  ): void {
    if (guildId !== null) {
      const data = { id, type, target: targetKindOf(target), attempts: 0, reason };
      this.announcer.tell(guildId, nonce, 'off', data);
    }
    this.look();
  }

  /** One look after the other: each switched-off target is told of once. */
  private look(): void {
    this.telling = this.telling
      .then(async () => {
        await this.repository.forgetOld();
        await this.tellAll();
      })
      .catch((error: unknown) => this.logger.warn(`The owner was not told of targets: ${String(error)}`));
  }

  private async tellAll(): Promise<void> {
    const route = this.config.QUEUE_OWNER_ROUTE;
    if (route === undefined) return;
    for (const destination of await this.repository.untold()) {
      const notice = { route, ...noticeOf(destination) };
      // Two processes that tell of the same meet in the idempotency key.
      await this.queue.publishWith([notice], (manager) => this.repository.told([destination.destination], manager));
    }
  }
}

function noticeOf({ destination, lastReason, offAt }: UntoldDestination) {
  return {
    publisher: 'guildcast',
    idempotencyKey: `off ${destination} ${offAt.toISOString()}`,
    priority: 'high' as const,
    type: 'destination_off',
    payload: { destination, reason: lastReason, since: offAt.toISOString() },
    message: {
      embeds: [
        {
          title: '⚠️ A target is switched off',
          description: `Nothing goes to \`${destination}\` until it is switched on again; notifications for it wait.`,
          color: 0xf1c40f,
          fields: [{ name: 'Why', value: lastReason }],
          timestamp: offAt.toISOString(),
        },
      ],
    },
  };
}

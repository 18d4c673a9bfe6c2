import { Injectable, Logger } from '@nestjs/common';
import { type NotificationTarget, type RenderedMessage, type SendOutcome } from '../../domain/notification.js';
import { type DeliveryChannel } from '../delivery/delivery-channel.js';
import { DeliveryRegistry } from '../delivery/delivery-registry.js';
import { type ClaimedNotification } from '../lease.repository.js';
import { type BoardedNotification, BoardRepository } from './board.repository.js';

const databaseAway: SendOutcome = {
  kind: 'retry',
  reason: 'the database is away',
  burnsAttempt: false,
  retryAfterMs: 1_000,
};

/** A channel that edits, with a notification to be shown by the message of its board. */
interface Showing {
  channel: DeliveryChannel & Required<Pick<DeliveryChannel, 'edit'>>;
  notification: ClaimedNotification & BoardedNotification;
  message: RenderedMessage;
}

/** Sends each notification, and of those with a collapse key one, which the others edit, where the channel can. */
@Injectable()
export class BoardDispatch {
  private readonly logger = new Logger(BoardDispatch.name);

  constructor(
    private readonly registry: DeliveryRegistry,
    private readonly boards: BoardRepository,
  ) {}

  /** Undefined when no channel goes there. */
  channelFor(target: NotificationTarget): DeliveryChannel | undefined {
    return this.registry.channelFor(target);
  }

  /** Tries once. `begin` is asked before a message is sent, not before an edit; when it says no, nothing is sent. */
  async deliver(
    channel: DeliveryChannel,
    notification: ClaimedNotification,
    message: RenderedMessage,
    begin: () => Promise<boolean>,
  ): Promise<SendOutcome> {
    if (canEdit(channel) && hasBoard(notification)) return this.show({ channel, notification, message }, begin);
    return (await begin()) ? channel.deliver(notification, message) : databaseAway;
  }

  private async show(showing: Showing, begin: () => Promise<boolean>): Promise<SendOutcome> {
    const { channel, notification, message } = showing;
    let board = await this.whileThere(notification, () => this.boards.open(notification));
    if (board === undefined) return databaseAway;
    if (board.messageId !== null) {
      const { messageId } = board;
      const edited = await channel.edit(notification, messageId, message);
      if (edited.kind === 'sent' || edited.kind === 'unknown' || !edited.gone) return edited;
      board = await this.whileThere(notification, () => this.boards.renew(notification, messageId));
      if (board === undefined) return databaseAway;
    }
    if (!(await begin())) return databaseAway;
    const sent = await channel.deliver({ ...notification, nonce: board.nonce }, message);
    if (sent.kind !== 'sent' || board.nonce === notification.nonce || !channel.repeatable) return sent;
    return this.overwrite(showing, sent.messageId);
  }

  /**
   * An earlier notification was sent by the same nonce, and nobody noted what came of it. If its message was there,
   * Discord answered that one, and it shows what the earlier one had to say.
   */
  private async overwrite({ channel, notification, message }: Showing, messageId: string): Promise<SendOutcome> {
    const noted = await this.whileThere(notification, async () => {
      await this.boards.remember(notification, messageId);
      return true;
    });
    return noted ? channel.edit(notification, messageId, message) : databaseAway;
  }

  private async whileThere<T>(notification: ClaimedNotification, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.logger.warn(`Notification ${notification.id} waits for the database: ${String(error)}`);
      return undefined;
    }
  }
}

function canEdit(channel: DeliveryChannel): channel is Showing['channel'] {
  return channel.edit !== undefined;
}

function hasBoard(notification: ClaimedNotification): notification is Showing['notification'] {
  return notification.collapseKey !== null;
}

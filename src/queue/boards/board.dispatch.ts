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
    const { notification } = showing;
    const board = await this.whileThere(notification, () => this.boards.open(notification));
    if (board === undefined) return databaseAway;
    const { messageId, nonce } = board;
    return messageId === null ? this.send(showing, nonce, begin) : this.edit(showing, messageId, begin);
  }

  /** One that is gone is replaced by a new one. */
  private async edit(showing: Showing, messageId: string, begin: () => Promise<boolean>): Promise<SendOutcome> {
    const { channel, notification, message } = showing;
    const edited = await channel.edit(notification, messageId, message);
    if (edited.kind === 'sent' || edited.kind === 'unknown' || !edited.gone) return edited;
    const board = await this.whileThere(notification, () => this.boards.renew(notification, messageId));
    return board === undefined ? databaseAway : this.send(showing, board.nonce, begin);
  }

  /**
   * By the nonce of an earlier notification when nobody noted what came of that. If its message was there, Discord answered
   * that one, which shows what the earlier one had to say.
   */
  private async send(showing: Showing, nonce: string, begin: () => Promise<boolean>): Promise<SendOutcome> {
    const { channel, notification, message } = showing;
    if (!(await begin())) return databaseAway;
    const sent = await channel.deliver({ ...notification, nonce }, message);
    if (sent.kind !== 'sent' || nonce === notification.nonce || !channel.repeatable) return sent;
    const { messageId } = sent;
    const noted = await this.whileThere(notification, async () => {
      await this.boards.remember(notification, messageId);
      return true;
    });
    return noted ? this.edit(showing, messageId, begin) : databaseAway;
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

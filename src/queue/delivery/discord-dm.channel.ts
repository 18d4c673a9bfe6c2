import { Injectable } from '@nestjs/common';
import { DiscordSender } from '../../discord/discord-sender.js';
import { MessageLookup, type MessageSearch } from '../../discord/message-lookup.js';
import {
  type NotificationTarget,
  type PublishTarget,
  type RenderedMessage,
  type SendOutcome,
} from '../../domain/notification.js';
import { type ClaimedNotification } from '../lease.repository.js';
import { DeliveryChannel, type PlacedTarget } from './delivery-channel.js';

/** A direct message of the bot. */
@Injectable()
export class DiscordDmChannel extends DeliveryChannel {
  readonly name = 'discord-dm';
  readonly repeatable = true;

  constructor(
    private readonly sender: DiscordSender,
    private readonly lookup: MessageLookup,
  ) {
    super();
  }

  place({ userId }: PublishTarget): PlacedTarget | undefined {
    return userId === undefined ? undefined : { target: { userId } };
  }

  accepts(target: NotificationTarget): boolean {
    return 'userId' in target;
  }

  async deliver({ target, nonce, mentions }: ClaimedNotification, message: RenderedMessage): Promise<SendOutcome> {
    if (!('userId' in target)) return { kind: 'permanent', reason: 'the target is of another kind' };
    return this.sender.sendToUser(target.userId, message, nonce, mentions ?? undefined);
  }

  override async edit(
    { target }: ClaimedNotification,
    messageId: string,
    message: RenderedMessage,
  ): Promise<SendOutcome> {
    if (!('userId' in target)) return { kind: 'permanent', reason: 'the target is of another kind' };
    return this.sender.editForUser({ userId: target.userId, messageId }, message);
  }

  override async lookUp(
    { target }: ClaimedNotification,
    message: RenderedMessage,
    since: Date,
  ): Promise<MessageSearch> {
    if (!('userId' in target)) return { kind: 'unclear' };
    return this.lookup.find({ userId: target.userId }, message, since);
  }
}

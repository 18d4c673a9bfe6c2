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

/** A message of the bot in a text channel or a thread. */
@Injectable()
export class DiscordChannelChannel extends DeliveryChannel {
  readonly name = 'discord-channel';
  readonly repeatable = true;

  constructor(
    private readonly sender: DiscordSender,
    private readonly lookup: MessageLookup,
  ) {
    super();
  }

  place({ channelId }: PublishTarget): PlacedTarget | undefined {
    return channelId === undefined ? undefined : { target: { channelId } };
  }

  accepts(target: NotificationTarget): boolean {
    return 'channelId' in target;
  }

  async deliver({ target, nonce, mentions }: ClaimedNotification, message: RenderedMessage): Promise<SendOutcome> {
    if (!('channelId' in target)) return { kind: 'permanent', reason: 'the target is of another kind' };
    return this.sender.sendToChannel(target.channelId, message, nonce, mentions ?? undefined);
  }

  override async edit(
    { target }: ClaimedNotification,
    messageId: string,
    message: RenderedMessage,
  ): Promise<SendOutcome> {
    if (!('channelId' in target)) return { kind: 'permanent', reason: 'the target is of another kind' };
    return this.sender.editInChannel({ channelId: target.channelId, messageId }, message);
  }

  override async lookUp(
    { target }: ClaimedNotification,
    message: RenderedMessage,
    since: Date,
  ): Promise<MessageSearch> {
    if (!('channelId' in target)) return { kind: 'unclear' };
    return this.lookup.find({ channelId: target.channelId }, message, since);
  }
}

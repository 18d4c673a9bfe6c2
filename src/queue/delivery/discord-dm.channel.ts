import { Injectable } from '@nestjs/common';
import { DiscordSender } from '../../discord/discord-sender.js';
import { type NotificationTarget, type RenderedMessage, type SendOutcome } from '../../domain/notification.js';
import { type ClaimedNotification } from '../notification.repository.js';
import { DeliveryChannel } from './delivery-channel.js';

/** A direct message of the bot. */
@Injectable()
export class DiscordDmChannel extends DeliveryChannel {
  readonly name = 'discord-dm';

  constructor(private readonly sender: DiscordSender) {
    super();
  }

  accepts(target: NotificationTarget): boolean {
    return typeof target?.userId === 'string';
  }

  deliver(notification: ClaimedNotification, message: RenderedMessage): Promise<SendOutcome> {
    return this.sender.sendToUser(notification.target.userId, message, notification.nonce);
  }
}

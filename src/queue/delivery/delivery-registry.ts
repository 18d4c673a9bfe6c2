import { type NotificationTarget } from '../../domain/notification.js';
import { type DeliveryChannel } from './delivery-channel.js';
import { DiscordDmChannel } from './discord-dm.channel.js';

/** A new channel is one line here and its file. */
export const deliveryChannels = [DiscordDmChannel];

export class DeliveryRegistry {
  constructor(private readonly channels: readonly DeliveryChannel[]) {}

  /** Undefined when no channel goes there. */
  channelFor(target: NotificationTarget): DeliveryChannel | undefined {
    return this.channels.find((channel) => channel.accepts(target));
  }
}

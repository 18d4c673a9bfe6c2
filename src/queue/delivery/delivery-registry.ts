import { Fault } from '../../domain/fault.js';
import { type NotificationTarget, type PublishTarget } from '../../domain/notification.js';
import { type DeliveryChannel, type PlacedTarget } from './delivery-channel.js';
import { DiscordChannelChannel } from './discord-channel.channel.js';
import { DiscordDmChannel } from './discord-dm.channel.js';
import { DiscordWebhookChannel } from './discord-webhook.channel.js';
import { SignedWebhookChannel } from './signed-webhook.channel.js';

/** A new channel is one line here and its file. */
export const deliveryChannels = [DiscordDmChannel, DiscordChannelChannel, DiscordWebhookChannel, SignedWebhookChannel];

export class DeliveryRegistry {
  constructor(private readonly channels: readonly DeliveryChannel[]) {}

  /** @throws Fault `request.invalid`, `service.unavailable` */
  async place(target: PublishTarget): Promise<PlacedTarget> {
    for (const channel of this.channels) {
      const placed = await channel.place(target);
      if (placed !== undefined) return placed;
    }
    throw new Fault('request.invalid', 'target: no delivery channel goes there');
  }

  /** Undefined when no channel goes there. */
  channelFor(target: NotificationTarget): DeliveryChannel | undefined {
    return this.channels.find((channel) => channel.accepts(target));
  }
}

import { Injectable } from '@nestjs/common';
import { type Webhook, WebhookSender } from '../../discord/webhook-sender.js';
import { Fault } from '../../domain/fault.js';
import {
  type NotificationTarget,
  type PublishTarget,
  type RenderedMessage,
  type SendOutcome,
} from '../../domain/notification.js';
import { type ClaimedNotification } from '../lease.repository.js';
import { DeliveryChannel, type PlacedTarget } from './delivery-channel.js';

/** A message by a webhook of somebody else, who gave its address. No bot is needed. */
@Injectable()
export class DiscordWebhookChannel extends DeliveryChannel {
  readonly name = 'discord-webhook';
  readonly repeatable = false;

  constructor(private readonly sender: WebhookSender) {
    super();
  }

  place({ webhookUrl }: PublishTarget): PlacedTarget | undefined {
    if (webhookUrl === undefined) return undefined;
    const webhook = this.sender.read(webhookUrl);
    if (webhook === undefined) {
      const message = 'must be the address of a Discord webhook: https://discord.com/api/webhooks/<id>/<token>';
      const path = 'target.webhookUrl';
      throw new Fault('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });
    }
    const { id, token, threadId } = webhook;
    return { target: { webhookId: id, ...(threadId !== undefined && { threadId }) }, secret: token };
  }

  accepts(target: NotificationTarget): boolean {
    return 'webhookId' in target;
  }

  async deliver(notification: ClaimedNotification, message: RenderedMessage): Promise<SendOutcome> {
    const webhook = webhookOf(notification);
    return webhook ? this.sender.send(webhook, message, notification.mentions ?? undefined) : tokenGone;
  }

  override async edit(
    notification: ClaimedNotification,
    messageId: string,
    message: RenderedMessage,
  ): Promise<SendOutcome> {
    const webhook = webhookOf(notification);
    return webhook ? this.sender.edit(webhook, messageId, message) : tokenGone;
  }
}

const tokenGone: SendOutcome = { kind: 'permanent', reason: 'the token of the webhook is not kept any more' };

function webhookOf({ target, secret }: ClaimedNotification): Webhook | undefined {
  if (!('webhookId' in target) || secret === null) return undefined;
  return { id: target.webhookId, token: secret, threadId: target.threadId };
}

import { Injectable } from '@nestjs/common';
import { Fault } from '../../domain/fault.js';
import {
  type NotificationTarget,
  type PublishTarget,
  type RenderedMessage,
  type SendOutcome,
} from '../../domain/notification.js';
import { version } from '../../telemetry/version.js';
import { goneReason, outcomeOf } from '../endpoints/call-outcome.js';
import { WebhookCaller } from '../endpoints/webhook-caller.js';
import { type CallableEndpoint } from '../endpoints/webhook-endpoint.repository.js';
import { WebhookEndpoints } from '../endpoints/webhook-endpoints.js';
import { signatures } from '../endpoints/webhook-secret.js';
import { type ClaimedNotification } from '../lease.repository.js';
import { DeliveryChannel, type PlacedTarget } from './delivery-channel.js';

/** Milliseconds after its publication for which a notification waits without a counted try because a receiver asks for it. */
const longestPatience = 3 * 86_400_000;

/** A request to the server of somebody else, signed as the Standard Webhooks specification has it. */
@Injectable()
export class SignedWebhookChannel extends DeliveryChannel {
  readonly name = 'signed-webhook';
  /** By `webhook-id`, which is the same with every try. */
  readonly repeatable = true;

  constructor(
    private readonly endpoints: WebhookEndpoints,
    private readonly caller: WebhookCaller,
  ) {
    super();
  }

  place({ endpoint }: PublishTarget): Promise<PlacedTarget> | undefined {
    return endpoint === undefined ? undefined : this.known(endpoint);
  }

  accepts(target: NotificationTarget): boolean {
    return 'endpoint' in target;
  }

  async deliver(notification: ClaimedNotification, message: RenderedMessage): Promise<SendOutcome> {
    const { target, nonce, createdAt } = notification;
    if (!('endpoint' in target)) return { kind: 'permanent', reason: 'the target is of another kind' };
    let endpoint: CallableEndpoint | undefined;
    try {
      endpoint = await this.endpoints.callable(target.endpoint);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // It was logged.
      return { kind: 'retry', reason: 'the database is away', burnsAttempt: false, retryAfterMs: 1_000 };
    }
    if (endpoint === undefined) return { kind: 'permanent', reason: 'The endpoint does not exist any more.' };
    if (!endpoint.enabled) {
      const { disabledReason } = endpoint;
      const why = disabledReason === null ? '' : `: ${disabledReason}`;
      return { kind: 'permanent', reason: `The endpoint is switched off${why}.` };
    }
    const webhookId = `msg_${nonce}`;
    const body = bodyOf(notification, message);
    const result = await this.caller.post(endpoint.url, headersOf(webhookId, body, endpoint), body);
    const patient = endpoint.now.getTime() - createdAt.getTime() < longestPatience;
    const { gone, ...outcome } = outcomeOf(result, webhookId, patient);
    if (gone) await this.endpoints.switchOff(target.endpoint, endpoint.url, goneReason);
    return outcome;
  }

  private async known(endpoint: string): Promise<PlacedTarget> {
    if (await this.endpoints.exists(endpoint)) return { target: { endpoint } };
    const path = 'target.endpoint';
    const message = 'must be an endpoint that there is';
    throw new Fault('request.invalid', `${path}: ${message}`, { errors: [{ path, message }] });
  }
}

function bodyOf({ id, type, createdAt, guildId, payload }: ClaimedNotification, message: RenderedMessage): string {
  return JSON.stringify({ type, timestamp: createdAt.toISOString(), data: { id, guildId, payload, message } });
}

function headersOf(id: string, body: string, { secrets, now }: CallableEndpoint): Record<string, string> {
  const timestamp = Math.floor(now.getTime() / 1000);
  return {
    'content-type': 'application/json',
    'user-agent': `Guildcast/${version}`,
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures(secrets, { id, timestamp, body }),
  };
}

import { randomBytes } from 'node:crypto';
import { ApiError } from './api-error.js';
import { type Snowflakes } from './snowflakes.js';

export interface FakeWebhook {
  id: string;
  /** Secret: whoever knows it may write. */
  token: string;
  channelId: string;
  name: string;
}

/** The webhooks of all channels. */
export class Webhooks {
  private readonly byId = new Map<string, FakeWebhook>();

  constructor(private readonly snowflakes: Snowflakes) {}

  add(channelId: string, name: string): FakeWebhook {
    const webhook = { id: this.snowflakes.next(), token: randomBytes(51).toString('base64url'), channelId, name };
    this.byId.set(webhook.id, webhook);
    return webhook;
  }

  remove(id: string): void {
    if (!this.byId.delete(id)) throw new Error(`No webhook ${id}`);
  }

  /** Throws as Discord refuses a webhook that is gone, and a wrong token. */
  open(id: string, token: string): FakeWebhook {
    const webhook = this.byId.get(id);
    if (!webhook) throw new ApiError(404, 10015, 'Unknown Webhook');
    if (webhook.token !== token) throw new ApiError(401, 50027, 'Invalid Webhook Token');
    return webhook;
  }
}

import { type OnApplicationShutdown } from '@nestjs/common';
import { type REST, Routes } from 'discord.js';
import { type Mentions, type RenderedMessage, type SendOutcome } from '../domain/notification.js';
import { isSnowflake } from '../domain/snowflake.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import { messageBody } from './message-body.js';
import { attemptSend } from './send-attempt.js';
import { type SendAttempt } from './send-outcome.js';
import { type Webhook, WebhookSender } from './webhook-sender.js';

const discordHosts = ['discord.com', 'discordapp.com'].flatMap((host) => [host, `canary.${host}`, `ptb.${host}`]);

const once: SendAttempt = { to: 'webhook', repeatable: false };
const again: SendAttempt = { to: 'webhook', repeatable: true, edits: true };

/** Requests go to the one Discord of the settings, whatever host an address names. */
export class RestWebhookSender extends WebhookSender implements OnApplicationShutdown {
  constructor(
    private readonly rest: REST,
    private readonly budget: InvalidRequestBudget,
  ) {
    super();
  }

  onApplicationShutdown(): void {
    this.rest.clearHashSweeper();
    this.rest.clearHandlerSweeper();
  }

  read(text: string): Webhook | undefined {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !this.isOfDiscord(url) || url.username || url.password) return undefined;
    const [, id, token] = /^\/api(?:\/v\d+)?\/webhooks\/(\d+)\/([\w-]{20,200})\/?$/.exec(url.pathname) ?? [];
    if (!isSnowflake(id) || token === undefined) return undefined;
    const threadId = url.searchParams.get('thread_id') ?? undefined;
    if (threadId === undefined) return { id, token };
    return isSnowflake(threadId) ? { id, token, threadId } : undefined;
  }

  send(webhook: Webhook, message: RenderedMessage, mentions?: Mentions): Promise<SendOutcome> {
    const { id, token, threadId } = webhook;
    // Without `wait` Discord answers before it has made the message.
    const query = new URLSearchParams({ wait: 'true', ...(threadId !== undefined && { thread_id: threadId }) });
    return attemptSend(once, this.budget, messageBody(message, mentions), (body, signal) =>
      this.rest.post(Routes.webhook(id, token), { auth: false, query, body, signal }),
    );
  }

  edit(webhook: Webhook, messageId: string, message: RenderedMessage): Promise<SendOutcome> {
    const { id, token, threadId } = webhook;
    const query = threadId === undefined ? undefined : new URLSearchParams({ thread_id: threadId });
    return attemptSend(again, this.budget, messageBody(message), (body, signal) =>
      this.rest.patch(Routes.webhookMessage(id, token, messageId), { auth: false, query, body, signal }),
    );
  }

  private isOfDiscord({ protocol, host }: URL): boolean {
    if (protocol === 'https:' && discordHosts.includes(host)) return true;
    const own = new URL(this.rest.options.api);
    return protocol === own.protocol && host === own.host;
  }
}

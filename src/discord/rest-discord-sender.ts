import { Logger } from '@nestjs/common';
import {
  DiscordAPIError,
  type REST,
  RESTEvents,
  RESTJSONErrorCodes,
  type RESTPostAPIChannelMessageJSONBody,
  Routes,
} from 'discord.js';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type RenderedMessage, type SendOutcome } from '../domain/notification.js';
import { snowflake } from '../domain/snowflake.js';
import { type BotStanding } from './bot-standing.js';
import { DiscordSender } from './discord-sender.js';
import { withinLimits } from './embed-limits.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import { outcomeOf } from './send-outcome.js';

/** Milliseconds for one send with all that belongs to it. */
const patience = 25_000;
/** Directs of this many users are remembered; opening one again costs a request and changes nothing. */
const rememberedChannels = 10_000;

const identified = z.object({ id: snowflake });

/** Sends over REST alone: the gateway may be down meanwhile. Answers within 25 s. */
export class RestDiscordSender extends DiscordSender {
  private readonly logger = new Logger(RestDiscordSender.name);
  private readonly channels = new LRUCache<string, string>({ max: rememberedChannels });

  constructor(
    private readonly rest: REST,
    private readonly standing: BotStanding,
    private readonly budget: InvalidRequestBudget,
  ) {
    super();
    rest.on(RESTEvents.InvalidRequestWarning, () => budget.countRefusal());
  }

  async sendToUser(userId: string, message: RenderedMessage, nonce: string): Promise<SendOutcome> {
    const refused = this.standing.tokenRefusal();
    if (refused !== undefined) return { kind: 'retry', burnsAttempt: false, reason: refused };
    const { pause } = this.budget;
    if (pause > 0) return this.heldBack(pause);
    const body = bodyOf(message, nonce);
    if (body === undefined) return { kind: 'permanent', reason: 'The message has no text.' };
    const signal = AbortSignal.timeout(patience);
    try {
      const channelId = await this.channelOf(userId, signal);
      const answer = await this.rest.post(Routes.channelMessages(channelId), { body, signal });
      return { kind: 'sent', messageId: identified.parse(answer).id };
    } catch (error) {
      return this.failed(userId, error);
    }
  }

  private heldBack(pause: number): SendOutcome {
    const reason = 'Discord refused too many requests; sending pauses, so that it does not bar this address.';
    this.logger.warn(`${reason} Next try in ${Math.ceil(pause / 1000)} s.`);
    return { kind: 'retry', burnsAttempt: false, reason, retryAfterMs: pause };
  }

  private async channelOf(userId: string, signal: AbortSignal): Promise<string> {
    const known = this.channels.get(userId);
    if (known !== undefined) return known;
    const answer = await this.rest.post(Routes.userChannels(), { body: { recipient_id: userId }, signal });
    const { id } = identified.parse(answer);
    this.channels.set(userId, id);
    return id;
  }

  private failed(userId: string, error: unknown): SendOutcome {
    if (error instanceof DiscordAPIError && error.status === 401) {
      this.standing.refuse('token');
      return {
        kind: 'retry',
        burnsAttempt: false,
        reason: this.standing.tokenRefusal() ?? 'Discord refused the token.',
      };
    }
    if (error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownChannel) {
      // The remembered channel is stale, not the user: the next try opens another.
      this.channels.delete(userId);
      return { kind: 'retry', burnsAttempt: true, reason: 'The channel of the direct messages is gone.' };
    }
    return outcomeOf(error);
  }
}

function bodyOf(message: RenderedMessage, nonce: string): RESTPostAPIChannelMessageJSONBody | undefined {
  const { content, embed } = withinLimits(message);
  if (content === undefined && embed === undefined) return undefined;
  return {
    ...(content !== undefined && { content }),
    ...(embed !== undefined && {
      embeds: [{ ...embed, footer: embed.footer === undefined ? undefined : { text: embed.footer } }],
    }),
    nonce,
    enforce_nonce: true,
    allowed_mentions: { parse: [] },
  };
}

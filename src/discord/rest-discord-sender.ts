import { DiscordAPIError, type REST, Routes } from 'discord.js';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type Mentions, type RenderedMessage, type SendOutcome } from '../domain/notification.js';
import { snowflake } from '../domain/snowflake.js';
import { type BotStanding } from './bot-standing.js';
import { DiscordSender } from './discord-sender.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import { messageBody } from './message-body.js';
import { attemptSend } from './send-attempt.js';
import { type SendAttempt } from './send-outcome.js';
import { SendTrace } from './send-trace.js';

/** Directs of this many users are remembered; opening one again costs a request and changes nothing. */
const rememberedChannels = 10_000;

const opened = z.object({ id: snowflake });

const sending = { repeatable: true };
const editing = { repeatable: true, edits: true } as const;

type Body = NonNullable<ReturnType<typeof messageBody>>;

/** Sends over REST alone: the gateway may be down meanwhile. Answers within 25 s. */
export class RestDiscordSender extends DiscordSender {
  private readonly channels = new LRUCache<string, string>({ max: rememberedChannels });

  constructor(
    private readonly rest: REST,
    private readonly standing: BotStanding,
    private readonly budget: InvalidRequestBudget,
  ) {
    super();
  }

  async sendToUser(userId: string, message: RenderedMessage, nonce: string, mentions?: Mentions): Promise<SendOutcome> {
    const trace = new SendTrace();
    const body = messageBody(message, mentions);
    const outcome = await this.inDirects(userId, body, sending, (channelId, given, signal) =>
      trace.follow(() => this.post(channelId, { ...given, nonce }, signal)),
    );
    return withDoubt(outcome, trace);
  }

  async sendToChannel(
    channelId: string,
    message: RenderedMessage,
    nonce: string,
    mentions?: Mentions,
  ): Promise<SendOutcome> {
    const trace = new SendTrace();
    const outcome = await this.attempt({ to: 'channel', ...sending }, messageBody(message, mentions), (body, signal) =>
      trace.follow(() => this.post(channelId, { ...body, nonce }, signal)),
    );
    return withDoubt(outcome, trace);
  }

  editInChannel(
    { channelId, messageId }: { channelId: string; messageId: string },
    message: RenderedMessage,
  ): Promise<SendOutcome> {
    return this.attempt({ to: 'channel', ...editing }, messageBody(message), (body, signal) =>
      this.patch(channelId, messageId, body, signal),
    );
  }

  editForUser(
    { userId, messageId }: { userId: string; messageId: string },
    message: RenderedMessage,
  ): Promise<SendOutcome> {
    return this.inDirects(userId, messageBody(message), editing, (channelId, body, signal) =>
      this.patch(channelId, messageId, body, signal),
    );
  }

  private async inDirects(
    userId: string,
    body: Body | undefined,
    how: Omit<SendAttempt, 'to'>,
    request: (channelId: string, body: Body, signal: AbortSignal) => Promise<unknown>,
  ): Promise<SendOutcome> {
    const outcome = await this.attempt({ to: 'user', ...how }, body, async (given, signal) =>
      request(await this.channelOf(userId, signal), given, signal),
    );
    // The remembered channel may be stale, not the user: the next try opens another.
    if (outcome.kind === 'retry' && outcome.burnsAttempt) this.channels.delete(userId);
    return outcome;
  }

  private attempt(
    how: SendAttempt,
    body: Body | undefined,
    request: (body: Body, signal: AbortSignal) => Promise<unknown>,
  ): Promise<SendOutcome> {
    const reason = this.standing.tokenRefusal();
    if (reason !== undefined) return Promise.resolve({ kind: 'retry', burnsAttempt: false, reason });
    return attemptSend(how, this.budget, body, async (given, signal) => {
      try {
        return await request(given, signal);
      } catch (error) {
        // Every further 401 counts towards a ban of the address.
        if (error instanceof DiscordAPIError && error.status === 401) this.standing.refuse('token');
        throw error;
      }
    });
  }

  private post(channelId: string, body: Body & { nonce: string }, signal: AbortSignal): Promise<unknown> {
    return this.rest.post(Routes.channelMessages(channelId), { body: { ...body, enforce_nonce: true }, signal });
  }

  private patch(channelId: string, messageId: string, body: Body, signal: AbortSignal): Promise<unknown> {
    return this.rest.patch(Routes.channelMessage(channelId, messageId), { body, signal });
  }

  private async channelOf(userId: string, signal: AbortSignal): Promise<string> {
    const known = this.channels.get(userId);
    if (known !== undefined) return known;
    const answer = await this.rest.post(Routes.userChannels(), { body: { recipient_id: userId }, signal });
    const { id } = opened.parse(answer);
    this.channels.set(userId, id);
    return id;
  }
}

function withDoubt(outcome: SendOutcome, { mayHaveArrived }: SendTrace): SendOutcome {
  return mayHaveArrived && outcome.kind === 'retry' ? { ...outcome, mayHaveArrived: true } : outcome;
}

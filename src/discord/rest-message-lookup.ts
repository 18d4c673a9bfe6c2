import { type APIMessage, type REST, Routes } from 'discord.js';
import { z } from 'zod';
import { type RenderedMessage } from '../domain/notification.js';
import { snowflake } from '../domain/snowflake.js';
import { type BotStanding } from './bot-standing.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import { MessageLookup, type MessageSearch } from './message-lookup.js';
import { printOf, printOfRendered } from './message-print.js';
import { heldBack, outcomeOf } from './send-outcome.js';

/** Messages of one answer, the most that Discord gives, and answers until the search is given up. */
const pageSize = 100;
const mostPages = 3;
/** Milliseconds that our clock may be ahead of Discord's. */
const clockMargin = 60_000;
/** Milliseconds for the whole search. */
const patience = 20_000;
const discordEpoch = 1_420_070_400_000;

const opened = z.object({ id: snowflake });

/** Asks over REST for what was written in the channel from then on. */
export class RestMessageLookup extends MessageLookup {
  private self?: string;

  constructor(
    private readonly rest: REST,
    private readonly standing: BotStanding,
    private readonly budget: InvalidRequestBudget,
  ) {
    super();
  }

  async find(
    place: { userId: string } | { channelId: string },
    message: RenderedMessage,
    since: Date,
  ): Promise<MessageSearch> {
    const reason = this.standing.tokenRefusal();
    if (reason !== undefined) return { kind: 'later', reason };
    const { pause } = this.budget;
    if (pause > 0) return later(heldBack(pause));
    try {
      return await this.search(place, printOfRendered(message), since, AbortSignal.timeout(patience));
    } catch (error) {
      const outcome = outcomeOf(error, { to: 'channel', repeatable: true });
      return outcome.kind === 'permanent' ? { kind: 'unclear' } : later(outcome);
    }
  }

  private async search(
    place: { userId: string } | { channelId: string },
    print: string,
    since: Date,
    signal: AbortSignal,
  ): Promise<MessageSearch> {
    const channelId = 'channelId' in place ? place.channelId : await this.directOf(place.userId, signal);
    const self = (this.self ??= opened.parse(await this.rest.get(Routes.user(), { signal })).id);
    let after = String(BigInt(Math.max(0, since.getTime() - clockMargin - discordEpoch)) << 22n);
    let seen = 0;
    for (let page = 0; page < mostPages; page += 1) {
      const query = new URLSearchParams({ limit: String(pageSize), after });
      const messages = (await this.rest.get(Routes.channelMessages(channelId), { query, signal })) as APIMessage[];
      const same = messages.find(
        ({ author, webhook_id, content, embeds }) =>
          author.id === self && webhook_id === undefined && printOf({ content, embeds }) === print,
      );
      if (same) return { kind: 'found', messageId: same.id };
      seen += messages.length;
      if (messages.length < pageSize) {
        // Without the permission to read what was written Discord shows nothing, as if there were nothing.
        return seen === 0 && 'channelId' in place ? { kind: 'unclear' } : { kind: 'absent' };
      }
      // Whichever way Discord orders them.
      after = messages
        .map(({ id }) => BigInt(id))
        .reduce((a, b) => (a > b ? a : b))
        .toString();
    }
    return { kind: 'unclear' };
  }

  private async directOf(userId: string, signal: AbortSignal): Promise<string> {
    return opened.parse(await this.rest.post(Routes.userChannels(), { body: { recipient_id: userId }, signal })).id;
  }
}

function later(outcome: ReturnType<typeof outcomeOf>): MessageSearch {
  if (outcome.kind !== 'retry') return { kind: 'unclear' };
  return { kind: 'later', reason: outcome.reason, retryAfterMs: outcome.retryAfterMs };
}

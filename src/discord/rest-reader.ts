import { DiscordAPIError, HTTPError, RateLimitError, type REST } from 'discord.js';
import { type z } from 'zod';
import { compareSnowflakes } from '../domain/snowflake.js';
import { type BotStanding } from './bot-standing.js';
import { refusalSentences } from './connection-refusal.js';
import { DiscordBusyError } from './discord-busy.error.js';
import { faultText } from './fault-text.js';
import { type InvalidRequestBudget } from './invalid-request-budget.js';
import { outOfTime, untilAborted } from './until-aborted.js';

/** Milliseconds to wait where Discord asks for a pause and does not say how long. */
const usualPause = 5_000;

export interface RestQuestion<T> {
  route: `/${string}`;
  query?: Readonly<Record<string, string>>;
  /** What the answer is, in words: `a list of members`. */
  what: string;
  shape: z.ZodType<T>;
  /** Which of Discord's noes are an answer too: there is nothing. Discord's own code comes with the status. */
  isNothing?: (status: number, code: number) => boolean;
  signal?: AbortSignal;
}

/** How to get through answers that come in pages by `after`. */
export interface Paging<T, R> {
  /** As many as Discord gives at once. */
  size: number;
  /** More than that are refused. */
  most: number;
  idOf: (one: T) => string;
  read: (one: T) => R;
}

/** Where a reader says what it met. */
type ReaderStanding = Pick<BotStanding, 'tokenRefusal' | 'refuse' | 'reached' | 'unreached'>;

/** Asks Discord over REST. Its errors are sentences that quote nothing of requests and answers, so no token either. */
export class RestReader {
  constructor(
    private readonly rest: REST,
    private readonly standing: ReaderStanding,
    private readonly budget: InvalidRequestBudget,
  ) {}

  /**
   * Undefined for a no that is an answer.
   * @throws DiscordBusyError when Discord wants a pause, or would soon bar this address; Error for anything else that is no answer
   */
  async get<T>(question: RestQuestion<T>): Promise<T | undefined> {
    const refused = this.standing.tokenRefusal();
    if (refused !== undefined) throw new Error(refused);
    const { pause } = this.budget;
    if (pause > 0) throw new DiscordBusyError(pause);
    // One for each question: discord.js never takes its listeners off a signal.
    const limit = new AbortController();
    const giveUp = (): void => limit.abort();
    question.signal?.addEventListener('abort', giveUp);
    if (question.signal?.aborted) giveUp();
    try {
      return await this.ask(question, limit.signal);
    } catch (error) {
      if (limit.signal.aborted) throw new Error(outOfTime);
      throw error;
    } finally {
      question.signal?.removeEventListener('abort', giveUp);
    }
  }

  /**
   * All pages of a list, or undefined for a no that is an answer.
   * @throws as `get`, and when there are too many
   */
  async getAll<T, R>(question: RestQuestion<T[]>, paging: Paging<T, R>): Promise<R[] | undefined> {
    const { size, most, idOf, read } = paging;
    const all: R[] = [];
    for (let after = '0'; ;) {
      const page = await this.get({ ...question, query: { limit: String(size), after } });
      if (page === undefined) return undefined;
      for (const one of page) all.push(read(one));
      if (all.length > most) throw new Error(`Discord tells ${question.what} that is longer than ${most}`);
      if (page.length < size) return all;
      const last = page.map(idOf).reduce((a, b) => (compareSnowflakes(a, b) < 0 ? b : a));
      // One that does not heed `after` would tell for ever.
      if (compareSnowflakes(last, after) <= 0) throw this.fail(`Discord tells ${question.what} again and again`);
      after = last;
    }
  }

  private async ask<T>({ route, query, what, shape, isNothing }: RestQuestion<T>, signal: AbortSignal) {
    signal.throwIfAborted();
    const asking = this.rest.get(route, { query: new URLSearchParams(query), signal });
    // Also where nobody waits for the answer any more: discord.js has forgotten the token then.
    asking.catch((error: unknown) => isUnauthorized(error) && this.standing.refuse('token'));
    let answer: unknown;
    try {
      // discord.js waits for a rate limit to pass whatever the signal says.
      answer = await untilAborted(asking, signal);
    } catch (error) {
      if (signal.aborted || !isNo(error) || !isNothing?.(error.status, error.code)) throw this.inWords(error, signal);
      this.standing.reached();
      return undefined;
    }
    const read = shape.safeParse(answer);
    if (!read.success)
      throw this.fail(`Discord's answer is not ${what} (at "${read.error.issues[0]?.path.join('.')}")`);
    this.standing.reached();
    return read.data;
  }

  private inWords(error: unknown, signal: AbortSignal): Error {
    if (signal.aborted) return new Error(outOfTime);
    if (error instanceof RateLimitError) {
      this.standing.reached();
      return new DiscordBusyError(error.retryAfter > 0 ? Math.ceil(error.retryAfter) : usualPause);
    }
    if (isUnauthorized(error)) return new Error(refusalSentences.token);
    return this.fail(sentenceOf(error));
  }

  private fail(sentence: string): Error {
    this.standing.unreached(sentence);
    return new Error(sentence);
  }
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof DiscordAPIError && error.status === 401;
}

/** Without a code of Discord's own something before it has answered. */
function isNo(error: unknown): error is DiscordAPIError & { code: number } {
  return error instanceof DiscordAPIError && typeof error.code === 'number';
}

function sentenceOf(error: unknown): string {
  if (isNo(error)) return `Discord refused the question (HTTP ${error.status}, code ${error.code})`;
  if (error instanceof DiscordAPIError) return `Discord's edge refused the question (HTTP ${error.status})`;
  if (error instanceof HTTPError) return `Discord is out of order (HTTP ${error.status})`;
  // Its message quotes the answer.
  if (error instanceof SyntaxError) return "Discord's answer is not JSON";
  return `Discord cannot be reached (${faultText(error)})`;
}

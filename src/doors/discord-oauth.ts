import { Logger } from '@nestjs/common';
import { bulkhead, BulkheadRejectedError } from 'cockatiel';
import { z } from 'zod';
import { InvalidRequestBudget } from '../discord/invalid-request-budget.js';
import { Fault } from '../domain/fault.js';
import { snowflake } from '../domain/snowflake.js';

/** Questions at once, and how many more may wait. */
const atOnce = 8;
const mostWaiting = 200;

/** Milliseconds for a whole answer, and its bytes. */
const patience = 10_000;
const longestAnswer = 65_536;

/**
 * Refusals (401, 403, 429) within ten minutes before nobody is asked any more. Discord bars an address at 10 000 of them, and
 * `DISCORD_MAX_REFUSALS` leaves these for tokens that visitors make up.
 */
const mostRefusals = 900;

const authorization = z.object({
  application: z.object({ id: snowflake }),
  expires: z.iso.datetime({ offset: true }),
  user: z.object({ id: snowflake }).optional(),
});

const grant = z.object({ access_token: z.string().min(1).max(2_048), token_type: z.string() });

/** Whose a token is, and at which application it was given. */
export interface Authorization {
  applicationId: string;
  userId: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export interface CodeExchange {
  code: string;
  verifier: string;
  redirectUri: string;
  clientId: string;
  clientSecret: string;
}

/** What Discord says of visitors' tokens and codes. No error and no log line quotes one. */
export class DiscordOAuth {
  private readonly logger = new Logger(DiscordOAuth.name);
  private readonly places = bulkhead(atOnce, mostWaiting);
  private readonly budget = new InvalidRequestBudget(mostRefusals);
  private pausedUntil = -Infinity;
  private troubled = false;

  /** `apiUrl` without a version. */
  constructor(private readonly apiUrl: string) {}

  /** Where browsers are sent to log in. */
  get authorizeUrl(): URL {
    return new URL('/oauth2/authorize', this.apiUrl);
  }

  /** Undefined for a token that Discord does not know, or that tells nothing of its user. @throws Fault `service.unavailable` */
  async authorizationOf(token: string): Promise<Authorization | undefined> {
    // Anything else cannot stand in a header line.
    if (!/^[\x21-\x7e]{1,2048}$/.test(token)) return undefined;
    const answer = await this.ask('/oauth2/@me', { headers: { authorization: `Bearer ${token}` } }, authorization);
    if (!answer?.user) return undefined;
    const { application, expires, user } = answer;
    return { applicationId: application.id, userId: user.id, expiresAt: Date.parse(expires) };
  }

  /** The token for a code; undefined for a code that Discord refuses. @throws Fault `service.unavailable` */
  async redeem({ code, verifier, redirectUri, clientId, clientSecret }: CodeExchange): Promise<string | undefined> {
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      client_id: clientId,
      client_secret: clientSecret,
    });
    const answer = await this.ask('/oauth2/token', { method: 'POST', body }, grant);
    return answer?.token_type.toLowerCase() === 'bearer' ? answer.access_token : undefined;
  }

  private async ask<T>(path: string, request: RequestInit, shape: z.ZodType<T>): Promise<T | undefined> {
    const pause = Math.max(this.budget.pause, this.pausedUntil - performance.now());
    if (pause > 0) throw unavailable(pause);
    try {
      const answer = await this.places.execute(() => this.fetch(path, request, shape));
      if (this.troubled) this.logger.log('Discord can be asked about logins again');
      this.troubled = false;
      return answer;
    } catch (error) {
      if (error instanceof Fault) throw error;
      if (!(error instanceof BulkheadRejectedError)) this.complain(error);
      throw unavailable(5_000);
    }
  }

  private async fetch<T>(path: string, request: RequestInit, shape: z.ZodType<T>): Promise<T | undefined> {
    const signal = AbortSignal.timeout(patience);
    const response = await fetch(`${this.apiUrl}/v10${path}`, { ...request, redirect: 'error', signal });
    const text = await boundedText(response);
    const { status } = response;
    if (status === 401 || status === 403 || status === 429) this.budget.countRefusal();
    if (status === 429) {
      const seconds = Number(response.headers.get('retry-after'));
      const pause = (Number.isFinite(seconds) && seconds > 0 ? seconds : 5) * 1000;
      this.pausedUntil = performance.now() + pause;
      throw unavailable(pause);
    }
    // Not the visitor's fault, and the operator has to hear of it.
    if (status === 401 && request.method === 'POST') throw new Error('DISCORD_CLIENT_SECRET is refused');
    if (status === 400 || status === 401 || status === 403) return undefined;
    if (status !== 200) throw new Error(`HTTP ${status}`);
    const read = shape.safeParse(parsed(text));
    if (!read.success) throw new Error(`an answer of another shape (at "${read.error.issues[0]?.path.join('.')}")`);
    return read.data;
  }

  /** The cause is named by its kind alone: messages of clients may quote what was sent. */
  private complain(error: unknown): void {
    if (this.troubled) return;
    this.troubled = true;
    const words = error instanceof Error ? (error.constructor === Error ? error.message : error.name) : typeof error;
    this.logger.warn(`Discord cannot be asked about logins (${words}): those doors stay shut meanwhile`);
  }
}

function unavailable(pauseMs: number): Fault {
  const retryAfter = Math.max(1, Math.ceil(pauseMs / 1000));
  return new Fault('service.unavailable', 'Discord cannot be asked about logins now.', { retryAfter });
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > longestAnswer) throw new Error('an answer that is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

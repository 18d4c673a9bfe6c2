import { type RemoteSource } from './remote-sources.config.js';
import { type SourceAnswer, SourceExchange } from './source-exchange.js';
import { SourceError } from './source.error.js';

/** Answers that say nothing about the mark or the extension itself: another try may fare better. */
const passing = new Set([401, 403, 404, 408, 409, 425, 429]);

export interface SourceMark {
  outcome: 'processed' | 'failed';
  reason: string | null;
  leaseToken: string | null;
}

/** told: it took the mark · gone: it has no such event, or settled it otherwise · refused: it will never take this mark. */
export type MarkAnswer = 'told' | 'gone' | 'refused';

/** One source of the `/discord/*` dialect: the reference, which knows no leases, or a Guildcast. Errors are SourceErrors. */
export class SourceClient {
  constructor(
    private readonly source: RemoteSource,
    private readonly exchange = new SourceExchange(),
  ) {}

  /** Whatever it offers; what a reference does not know of the query, it ignores. */
  async poll(limit: number, leaseSeconds: number, signal: AbortSignal): Promise<unknown[]> {
    const query = `limit=${limit}&lease_seconds=${leaseSeconds}&consumer=guildcast`;
    const answer = await this.dialect('GET', `events?${query}`, undefined, signal);
    const events = answer.json?.events;
    if (answer.status !== 200 || answer.json?.success !== true) throw answer.refusal;
    if (!Array.isArray(events)) throw new SourceError('gave an answer without events', { answered: true });
    return events as unknown[];
  }

  /** A repeated mark does no harm. */
  async mark(id: string, { outcome, reason, leaseToken }: SourceMark, signal: AbortSignal): Promise<MarkAnswer> {
    const token = leaseToken === null ? {} : { lease_token: leaseToken };
    // The verdict is final here: a source that knows the word need not offer it again.
    const verdict = { error_message: reason ?? 'not delivered', permanent: true };
    const body = outcome === 'failed' ? { ...verdict, ...token } : leaseToken === null ? undefined : token;
    const { status, json, refusal } = await this.dialect('POST', `events/${id}/${outcome}`, body, signal);
    if (status === 200 && json?.success === true) return 'told';
    // Without the dialect's own words, a 404 is some gateway's in front of a source that is away.
    if (json?.success === false) {
      if (status === 404 || status === 409) return 'gone';
      if (status >= 400 && status < 500 && !passing.has(status)) return 'refused';
    }
    throw refusal;
  }

  /** Prolongs the lease of an event at a Guildcast. False: it is over, or such a thing is not known there. */
  async extend(id: string, leaseToken: string, leaseSeconds: number, signal: AbortSignal): Promise<boolean> {
    const { address, key } = this.source;
    const { status, refusal } = await this.exchange.ask(
      {
        method: 'POST',
        url: `${address}/api/v1/notifications/${id}/extend`,
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        body: { leaseToken, leaseSeconds },
      },
      signal,
    );
    if (status === 200) return true;
    if (status < 500 && status !== 408 && status !== 425 && status !== 429) return false;
    throw refusal;
  }

  close(): Promise<void> {
    return this.exchange.close();
  }

  private dialect(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<SourceAnswer> {
    const { address, authorization } = this.source;
    return this.exchange.ask({ method, url: `${address}/discord/${path}`, authorization, body }, signal);
  }
}

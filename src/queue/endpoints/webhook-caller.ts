import { type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import { describeFailure } from '../../outgoing/describe-failure.js';
import { guardedConnector, PrivateAddressError, type Resolve } from '../../outgoing/guarded-connector.js';
import { type OutgoingRules, urlFault } from '../../outgoing/outgoing-url.js';
import { readRetryAfter } from '../../outgoing/retry-after.js';

/** Bytes of an answer's body that are read; nobody wants to know them. */
const longestAnswer = 65_536;

interface WebhookCallerOptions {
  rules: OutgoingRules;
  resolve: Resolve;
  /** For a whole call, from the lookup of the name to the end of the answer. */
  timeoutMs: number;
}

/** What became of a call. `failure` says of the endpoint why there is no answer, and quotes nothing of it. */
export type CallResult = { status: number; retryAfterMs?: number } | { failure: string };

/**
 * Posts to servers that were chosen by somebody else. Each call has a connection of its own, to an address that was looked
 * up and checked for it. Redirects are answers like others, and no proxy is asked.
 */
export class WebhookCaller implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(private readonly options: WebhookCallerOptions) {
    const { rules, resolve, timeoutMs } = options;
    this.agent = new Agent({
      connect: guardedConnector({ rule: rules.addresses, resolve, timeoutMs }),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  /** Never throws. */
  async post(url: string, headers: Record<string, string>, body: string): Promise<CallResult> {
    const { rules, timeoutMs } = this.options;
    // The settings may be others than when the address was given.
    if (urlFault(url, rules) !== undefined)
      return { failure: 'its address is not allowed (see WEBHOOK_ALLOW_HTTP and WEBHOOK_ALLOW_NETWORKS)' };
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await request(url, {
        method: 'POST',
        dispatcher: this.agent,
        headers,
        body,
        signal,
        reset: true,
      });
      const retryAfter = answer.headers['retry-after'];
      const retryAfterMs = readRetryAfter(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, Date.now());
      // Whoever answered has the request, whatever comes after the head.
      await answer.body.dump({ limit: longestAnswer }).catch(() => undefined);
      return { status: answer.statusCode, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    } catch (error) {
      if (signal.aborted) return { failure: `it gave no answer within ${timeoutMs / 1000} s` };
      if (error instanceof PrivateAddressError)
        return { failure: `its name leads to no address of the public internet (${rules.addresses.advice})` };
      return { failure: describeFailure(error) };
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}

import { STATUS_CODES } from 'node:http';
import { LRUCache } from 'lru-cache';
import { Agent, type buildConnector, type Dispatcher, request } from 'undici';
import { describeFailure } from '../../outgoing/describe-failure.js';
import { readRetryAfter } from '../../outgoing/retry-after.js';
import { version } from '../../telemetry/version.js';
import { SourceBusyError } from '../source-busy.error.js';
import { AnswerError } from './answer.error.js';
import { acceptedCodings, readBody } from './bounded-body.js';
import { parseJson } from './parse-json.js';

/** Connections to one server at once; more questions wait. */
const mostConnections = 8;
/** Milliseconds that an idle connection is kept for the next question. */
const keepAlive = 30_000;
const mostRedirects = 3;
const mostKept = 10_000;
/** Bytes of an unwanted body that are read to keep the connection; a longer one costs it. */
const longestLeftover = 16_384;

export interface JsonClientOptions {
  /** Sent with every request; told to nobody else. */
  headers: Record<string, string>;
  /** Milliseconds for a whole answer, redirects included. */
  timeoutMs: number;
  /** For one answer, and for all that are kept together. */
  maxBytes: number;
  connect: buildConnector.connector;
}

/** An answer that its server may confirm with a 304. */
interface Kept {
  value: unknown;
  bytes: number;
  validators: Record<string, string>;
}

/**
 * Asks one server for JSON. Errors are sentences that name the server, and nothing of headers, queries or bodies. The
 * values it gives are kept and given again: nobody may change them.
 */
export class JsonClient {
  private readonly agent: Agent;
  private readonly kept: LRUCache<string, Kept>;

  constructor(private readonly options: JsonClientOptions) {
    const { timeoutMs, maxBytes, connect } = options;
    this.agent = new Agent({
      connect,
      connections: mostConnections,
      keepAliveTimeout: keepAlive,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    this.kept = new LRUCache({ max: mostKept, maxSize: maxBytes, sizeCalculation: ({ bytes }) => Math.max(bytes, 1) });
  }

  /**
   * What the address answers, or undefined when there is nothing (404, 410). `signal` gives up earlier than the time for
   * an answer does.
   * @throws SourceBusyError when the server wants a pause, Error for anything else that is no answer
   */
  async get(address: string, signal?: AbortSignal): Promise<unknown> {
    const url = new URL(address);
    const { timeoutMs } = this.options;
    const limit = new AbortController();
    const giveUp = (): void => limit.abort();
    const timer = setTimeout(giveUp, timeoutMs);
    signal?.addEventListener('abort', giveUp);
    if (signal?.aborted) giveUp();
    try {
      limit.signal.throwIfAborted();
      return await this.follow(url, limit.signal);
    } catch (error) {
      if (limit.signal.aborted)
        throw new Error(`${url.origin} gave no whole answer ${signal?.aborted ? 'in time' : `within ${timeoutMs} ms`}`);
      if (error instanceof AnswerError) throw new Error(`the answer of ${url.origin} ${error.message}`);
      if (error instanceof SourceBusyError) throw error;
      throw new Error(`${url.origin} cannot be asked: ${describeFailure(error)}`);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** Ends every connection, also those with a question under way. */
  async close(): Promise<void> {
    this.kept.clear();
    await this.agent.destroy();
  }

  /** Redirects within the server alone: another one was not chosen by the operator and must not get our headers. */
  private async follow(start: URL, signal: AbortSignal): Promise<unknown> {
    let url = start;
    for (let hops = 0; hops <= mostRedirects; hops += 1) {
      // Held here: it may be let go of while its server is asked.
      const kept = this.kept.get(url.href);
      const response = await this.send(url, kept, signal);
      if (![301, 302, 303, 307, 308].includes(response.statusCode)) return this.read(url, kept, response);
      await discard(response);
      const location = one(response.headers.location);
      if (location === undefined || !URL.canParse(location, url.href))
        throw new AnswerError('is a redirect to nowhere');
      url = new URL(location, url);
      if (url.origin !== start.origin) throw new AnswerError('is a redirect to another server, which is not followed');
    }
    throw new AnswerError(`is a redirect, the ${mostRedirects + 1}th in a row`);
  }

  private send(url: URL, kept: Kept | undefined, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const headers = {
      accept: 'application/json',
      'user-agent': `Guildcast/${version}`,
      ...this.options.headers,
      'accept-encoding': acceptedCodings,
      ...kept?.validators,
    };
    return request(url, { method: 'GET', dispatcher: this.agent, headers, signal });
  }

  private async read(url: URL, kept: Kept | undefined, response: Dispatcher.ResponseData): Promise<unknown> {
    const { statusCode: status, headers } = response;
    if (status === 200) return this.readJson(url, response);
    await discard(response);
    if (status === 304 && kept) return kept.value;
    if (status === 404 || status === 410) {
      this.kept.delete(url.href);
      return undefined;
    }
    const said = `is ${status} ${STATUS_CODES[status] ?? ''}`.trim();
    const pause =
      status === 429 || status === 503 ? readRetryAfter(one(headers['retry-after']), Date.now()) : undefined;
    if (pause === undefined) throw new AnswerError(said);
    throw new SourceBusyError(
      `the answer of ${url.origin} ${said}: to be asked again in ${Math.ceil(pause / 1_000)} s`,
      pause,
    );
  }

  private async readJson(url: URL, response: Dispatcher.ResponseData): Promise<unknown> {
    const { headers } = response;
    const { maxBytes } = this.options;
    try {
      const type = one(headers['content-type'])?.split(';')[0]?.trim().toLowerCase() ?? '';
      if (!/^(application|text)\/([\w.!#$&^-]+\+)?json$/.test(type)) throw new AnswerError(notJson(type));
      if (Number(one(headers['content-length'])) > maxBytes) throw new AnswerError(`is longer than ${maxBytes} bytes`);
      const bytes = await readBody(response.body, one(headers['content-encoding']) ?? '', maxBytes);
      const value = parseJson(bytes);
      this.keep(url, { value, bytes: bytes.length, validators: validatorsOf(headers) });
      return value;
    } catch (error) {
      await discard(response);
      throw error;
    }
  }

  private keep(url: URL, answer: Kept): void {
    if (Object.keys(answer.validators).length > 0) this.kept.set(url.href, answer);
    else this.kept.delete(url.href);
  }
}

type Headers = Dispatcher.ResponseData['headers'];

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function validatorsOf(headers: Headers): Record<string, string> {
  const etag = one(headers.etag);
  const modified = one(headers['last-modified']);
  return { ...(etag && { 'if-none-match': etag }), ...(modified && { 'if-modified-since': modified }) };
}

/** A media type is told when it looks like one; anything else came from who knows where. */
function notJson(type: string): string {
  return `is ${/^[\w.+-]{1,40}\/[\w.+-]{1,60}$/.test(type) ? type : 'of no known type'} and not JSON`;
}

async function discard({ body }: Dispatcher.ResponseData): Promise<void> {
  await body.dump({ limit: longestLeftover }).catch(() => undefined);
}

import { STATUS_CODES } from 'node:http';
import { Agent, type Dispatcher, request } from 'undici';
import { describeFailure } from '../../outgoing/describe-failure.js';
import { version } from '../../telemetry/version.js';
import { parseLenientJson } from './lenient-json.js';
import { SourceError } from './source.error.js';

/** Milliseconds for one question and its whole answer. */
const patience = 15_000;
/** Bytes of one answer. */
const longestAnswer = 2_097_152;
/** Bytes of an unwanted body that are read to keep the connection; a longer one costs it. */
const longestLeftover = 16_384;
/** Milliseconds; whoever wants to be left alone for longer is asked again all the same. */
const longestPause = 300_000;

export interface SourceQuestion {
  method: 'GET' | 'POST';
  url: string;
  authorization?: string;
  body?: object;
}

export interface SourceAnswer {
  status: number;
  /** The object of its body; undefined when that is no JSON, by its own word. */
  json?: Record<string, unknown>;
  /** Why it does not say what was hoped for. */
  refusal: SourceError;
}

/** Questions to one source, one at a time. Redirects are not followed: the operator chose this address and its key. */
export class SourceExchange {
  private readonly agent: Agent;

  /** Milliseconds and bytes. */
  constructor(private readonly limits = { patience, longestAnswer }) {
    const { patience: timeout } = limits;
    this.agent = new Agent({ connections: 1, connect: { timeout }, headersTimeout: timeout, bodyTimeout: timeout });
  }

  /** @throws SourceError when there is no whole answer, or one that is not what it says it is */
  async ask(question: SourceQuestion, signal: AbortSignal): Promise<SourceAnswer> {
    const late = AbortSignal.timeout(this.limits.patience);
    try {
      return await this.exchange(question, AbortSignal.any([signal, late]));
    } catch (error) {
      if (signal.aborted) throw new SourceError('was not asked to the end: this program stops');
      if (late.aborted) throw new SourceError(`gave no whole answer within ${this.limits.patience / 1000} s`);
      throw error instanceof SourceError ? error : new SourceError(`cannot be asked: ${describeFailure(error)}`);
    }
  }

  /** Ends its connection, also with a question under way. */
  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async exchange(question: SourceQuestion, signal: AbortSignal): Promise<SourceAnswer> {
    const { method, url, authorization, body } = question;
    const response = await request(url, {
      method,
      dispatcher: this.agent,
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': `Guildcast/${version}`,
        ...(authorization !== undefined && { authorization }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { statusCode: status, headers } = response;
    const type = one(headers['content-type'])?.split(';')[0]?.trim().toLowerCase() ?? '';
    if (!/^application\/([\w.+-]+\+)?json$/.test(type)) {
      await response.body.dump({ limit: longestLeftover }).catch(() => undefined);
      return { status, refusal: refusalOf(response, status < 300 ? ' without JSON' : '') };
    }
    const json = readObject(await this.readText(response));
    return { status, json, refusal: refusalOf(response, status < 300 ? ' without success' : '') };
  }

  private async readText({ body }: Dispatcher.ResponseData): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > this.limits.longestAnswer) {
        // Leaving the loop ends the connection.
        throw new SourceError(`gave an answer of more than ${this.limits.longestAnswer} bytes`, {
          answered: true,
          tooLong: true,
        });
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
}

function readObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseLenientJson(text);
  } catch {
    // Its own words would quote what came.
    throw new SourceError('gave an answer that is not JSON', { answered: true });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new SourceError('gave an answer that is no JSON object', { answered: true });
}

function refusalOf({ statusCode, headers }: Dispatcher.ResponseData, more: string): SourceError {
  const said = `answered ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`.trim() + more;
  const why =
    statusCode === 401 || statusCode === 403
      ? ': see the user and the password in its address'
      : statusCode >= 300 && statusCode < 400
        ? ': redirects are not followed'
        : '';
  const seconds = Number(/^\d{1,9}$/.exec(one(headers['retry-after'])?.trim() ?? '')?.[0] ?? 0);
  return new SourceError(said + why, { answered: true, pauseMs: Math.min(longestPause, seconds * 1000) });
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

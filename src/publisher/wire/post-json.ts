import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Answer } from './verdict.js';

/** Bytes of an answer that are read; whatever Guildcast says is shorter. */
const longestAnswer = 64 * 1024;

export interface Posting {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: object;
  /** For the whole exchange. */
  timeoutMs: number;
}

/**
 * Posts once, on a connection of its own, and follows no redirect: that would take the key and the content elsewhere.
 * Answers why it failed as a text.
 *
 * Not by `fetch`: that of Node 20 waits for its end where a peer takes a connection and closes it at once, as proxies do
 * whose service is away, and keeps no program alive meanwhile.
 */
export function postJson({ url, headers, body, timeoutMs }: Posting): Promise<Answer | string> {
  const content = Buffer.from(JSON.stringify(body));
  const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': content.length,
      accept: 'application/json',
      'user-agent': 'guildcast-publisher',
      ...headers,
    },
  });
  return new Promise((resolve) => {
    const end = (result: Answer | string) => {
      clearTimeout(late);
      resolve(result);
      request.destroy();
    };
    const late = setTimeout(() => end(`no answer within ${timeoutMs} ms`), timeoutMs);
    const failed = (error: Error) => end(reasonOf(error));
    request.on('error', failed);
    request.on('response', (response) => {
      void beginningOf(response).then((text) => {
        const { statusCode = 0, headers: told } = response;
        end({ status: statusCode, retryAfter: told['retry-after'] ?? null, text });
      }, failed);
    });
    request.end(content);
  });
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestAnswer) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: Error): string {
  // A name with several addresses fails once for each of them.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return reasonOf(error.errors[0]);
  return error.message || ('code' in error ? String(error.code) : error.name);
}

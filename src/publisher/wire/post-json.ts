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

/** Posts without following redirects: they would take the key and the content elsewhere. Answers why it failed as text. */
export async function postJson({ url, headers, body, timeoutMs }: Posting): Promise<Answer | string> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await beginningOf(response);
    return { status: response.status, retryAfter: response.headers.get('retry-after'), text };
  } catch (error) {
    return reasonOf(error, timeoutMs);
  }
}

async function beginningOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestAnswer) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  // What fetch throws is always "fetch failed"; the system's word is beneath it.
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0], timeoutMs);
  return cause instanceof Error ? cause.message || cause.name : 'unknown error';
}

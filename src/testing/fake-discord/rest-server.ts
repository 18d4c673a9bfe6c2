import { type IncomingMessage, type ServerResponse } from 'node:http';
import { ApiError } from './api-error.js';
import { applicationRoutes } from './application-routes.js';
import { channelRoutes } from './channel-routes.js';
import { commandRoutes } from './command-routes.js';
import { guildRoutes } from './guild-routes.js';
import { oauthRoutes } from './oauth-routes.js';
import { interactionRoutes } from './interaction-routes.js';
import { RateBuckets, type RateLimit } from './rate-buckets.js';
import { type Mishap, Refusals } from './refusals.js';
import { type Match, type RestAnswer, RestRouter, type Route } from './rest-router.js';
import { WatchedList } from './watched-list.js';
import { webhookRoutes } from './webhook-routes.js';
import { type World } from './world.js';

const largestBody = 10 * 1024 * 1024;

/** One request as the fake saw it; who asked is not kept. */
export interface RequestRecord {
  method: string;
  /** Without `/api/v10` and without the query. */
  path: string;
  /** 0 = it was given no answer on purpose. */
  status: number;
  /** Milliseconds since 1970. */
  at: number;
}

interface RestOptions {
  token: string;
  rateLimit: RateLimit;
  gatewayRoutes: readonly Route[];
}

/** Discord's REST API v10, as far as bots like ours use it. */
export class RestServer {
  readonly requests = new WatchedList<RequestRecord>('request');
  readonly refusals = new Refusals();
  private readonly router: RestRouter;
  private readonly buckets: RateBuckets;

  constructor(
    private readonly world: World,
    private readonly options: RestOptions,
  ) {
    this.router = new RestRouter([
      ...options.gatewayRoutes,
      ...oauthRoutes,
      ...applicationRoutes,
      ...commandRoutes,
      ...interactionRoutes,
      ...guildRoutes,
      ...channelRoutes,
      ...webhookRoutes,
    ]);
    this.buckets = new RateBuckets(options.rateLimit);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const url = new URL(request.url ?? '/', 'http://fake');
    const path = url.pathname.replace(/^\/api(\/v\d+)?(?=\/|$)/, '');
    // The body is taken off the wire in any case, so that the connection can be used again.
    const raw = await readBody(request);
    const mishap = this.refusals.next(method, path);
    if (mishap?.kind === 'silence') {
      this.requests.add({ method, path, status: 0, at: Date.now() });
      return;
    }
    const headers: Record<string, string> = {};
    let answer: RestAnswer;
    if (mishap?.kind === 'refuse') {
      Object.assign(headers, mishap.headers);
      answer = { status: mishap.status, body: mishap.body };
    } else {
      answer = this.answer({ method, path, url, raw, request }, headers);
    }
    this.finish(response, { method, path, mishap }, answer, headers);
  }

  private answer(
    {
      method,
      path,
      url,
      raw,
      request,
    }: { method: string; path: string; url: URL; raw: Buffer; request: IncomingMessage },
    headers: Record<string, string>,
  ): RestAnswer {
    try {
      if (!/^\/api(\/|$)/.test(url.pathname)) throw new ApiError(404, 0, '404: Not Found');
      const version = /^\/api\/v(\d+)/.exec(url.pathname)?.[1] ?? '10';
      if (version !== '10' && version !== '9') throw new ApiError(400, 50041, 'Invalid API version provided');
      const match = this.router.match(method, path);
      const { route, params } = match;
      const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      if (!route.open && !(route.bearer && bearer !== undefined)) this.authenticate(request);
      const limited = this.limit(match, headers);
      if (limited) return limited;
      const body = route.form ? Object.fromEntries(new URLSearchParams(raw.toString())) : parseBody(request, raw);
      return route.handle({ world: this.world, params, query: url.searchParams, body, bearer });
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, body: error.body };
      return { status: 500, body: { message: `500: The fake failed: ${String(error)}`, code: 0 } };
    }
  }

  private authenticate(request: IncomingMessage): void {
    if (request.headers.authorization !== `Bot ${this.options.token}`) throw new ApiError(401, 0, '401: Unauthorized');
  }

  private limit({ route, params }: Match, headers: Record<string, string>): RestAnswer | undefined {
    const major = params.channel ?? params.guild ?? params.webhook ?? '';
    const { headers: told, retryAfter } = this.buckets.take(`${route.method} ${route.path}`, major);
    Object.assign(headers, told);
    if (retryAfter === undefined) return undefined;
    headers['Retry-After'] = retryAfter.toFixed(3);
    return { status: 429, body: { message: 'You are being rate limited.', retry_after: retryAfter, global: false } };
  }

  private finish(
    response: ServerResponse,
    { method, path, mishap }: { method: string; path: string; mishap?: Mishap },
    answer: RestAnswer,
    headers: Record<string, string>,
  ): void {
    const lost = mishap?.kind === 'lose-answer';
    if (lost) response.destroy();
    else {
      const text = answer.body === undefined ? undefined : JSON.stringify(answer.body);
      response.writeHead(answer.status, { ...headers, ...(text && { 'Content-Type': 'application/json' }) });
      response.end(text);
    }
    this.requests.add({ method, path, status: lost ? 0 : answer.status, at: Date.now() });
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= largestBody) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseBody(request: IncomingMessage, raw: Buffer): unknown {
  if (raw.length === 0) return undefined;
  if (!request.headers['content-type']?.startsWith('application/json'))
    throw new ApiError(415, 0, 'The fake takes JSON bodies only');
  try {
    return JSON.parse(raw.toString()) as unknown;
  } catch {
    throw new ApiError(400, 50109, 'The request body contains invalid JSON.');
  }
}

import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Request, type Response } from 'express';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { cachedKey, type CachedOptions, isKeptPrivate } from './cached.decorator.js';
import { type MadeAnswer, ResponseCache } from './response-cache.js';

/** What a guard may have found out about the caller before. */
interface MaybeKeyed {
  apiKey?: unknown;
}

/**
 * Answers handlers marked `@Cached` from the cache while that is fresh. Every such answer has a strong `ETag`; Express
 * compares it with `If-None-Match` when it sends, and makes the 304.
 */
@Injectable()
export class CacheInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly cache: ResponseCache,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const options = this.reflector.get<CachedOptions | undefined>(cachedKey, context.getHandler());
    if (options === undefined || context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<Request & MaybeKeyed>();
    const response = context.switchToHttp().getResponse<Response>();
    const make = async (): Promise<MadeAnswer> => {
      const value: unknown = await lastValueFrom(next.handle());
      return { body: JSON.stringify(value ?? null), shareable: !isKeptPrivate(response) };
    };
    response.vary('Accept, Authorization');
    response.type('application/json');
    if (request.apiKey !== undefined || request.headers.authorization !== undefined) {
      const { body } = await make();
      return sendPrivate(response, body);
    }
    const keep = { ttlSeconds: options.ttlSeconds, tags: options.tags?.(request) ?? [] };
    const { answer, shareable, hit } = await this.cache.answer(keyOf(request), keep, make);
    if (!shareable) return sendPrivate(response, answer.body);
    response.setHeader('ETag', answer.etag);
    response.setHeader('Cache-Control', `public, max-age=${options.ttlSeconds}`);
    response.setHeader('Age', Math.max(0, Math.floor((Date.now() - answer.madeAt) / 1000)));
    response.setHeader('X-Cache', hit ? 'hit' : 'miss');
    return of(answer.body);
  }
}

function sendPrivate(response: Response, body: string): Observable<string> {
  response.setHeader('Cache-Control', 'private, no-store');
  return of(body);
}

/** HEAD shares the answer of GET. Parameters are sorted by name; of one name the order stays, since it may matter. */
function keyOf(request: Request): string {
  const query = request.originalUrl.indexOf('?');
  const parameters = new URLSearchParams(query === -1 ? '' : request.originalUrl.slice(query + 1));
  parameters.sort();
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  return [method, request.path, parameters.toString(), request.headers.accept ?? ''].join(' ');
}

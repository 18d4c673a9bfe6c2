import { type IncomingMessage } from 'node:http';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { type Request } from 'express';
import { type Observable } from 'rxjs';
import { Fault } from '../domain/fault.js';
import { utf8Text } from '../domain/utf8-text.js';
import { readInflatedBody } from './raw-body.js';

/** Bytes of a body that is larger than others may be. */
export const longestLargeBody = 2_097_152;

const routes = [
  { method: 'PUT', path: /^\/api\/v1\/admin\/guilds\/[^/?]+\/members\/?(\?|$)/i },
  { method: 'POST', path: /^\/api\/v1\/notifications\/?(\?|$)/i },
];

/** Whether a request's body is left for `LargeBody` to read. */
export function hasLargeBody({ method, url = '' }: IncomingMessage): boolean {
  return routes.some((route) => route.method === method && route.path.test(url));
}

/**
 * Reads a body of JSON that may be larger than others. Interceptors run after the guards, so nobody without the right key
 * can make us keep that much.
 */
@Injectable()
export class LargeBody implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    // What is not JSON is refused like a missing body, as with all other handlers.
    if (request.body === undefined && request.is('application/json')) request.body = await readJson(request);
    return next.handle();
  }
}

async function readJson(request: Request): Promise<unknown> {
  const text = utf8Text(await readInflatedBody(request, longestLargeBody, ': send it in several'));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Fault('request.invalid', error instanceof Error ? error.message : 'This is not JSON.');
  }
}

import { type IncomingMessage } from 'node:http';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { type Request } from 'express';
import { type Observable } from 'rxjs';
import { Fault } from '../domain/fault.js';

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
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new UnsupportedMediaTypeException('This body must not be compressed.');
  }
  if (Number(request.headers['content-length'] ?? 0) > longestLargeBody) throw tooLarge();
  const text = decode(await readBytes(request));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Fault('request.invalid', error instanceof Error ? error.message : 'This is not JSON.');
  }
}

async function readBytes(request: Request): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Left open when we stop early: the answer goes out over the same connection.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > longestLargeBody) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw error instanceof Fault ? error : new Fault('request.invalid', 'The body ended too early.');
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Fault('request.invalid', 'The body is not UTF-8.');
  }
}

function tooLarge(): Fault {
  return new Fault('request.too_large', `The body is larger than ${longestLargeBody} bytes: send it in several.`);
}

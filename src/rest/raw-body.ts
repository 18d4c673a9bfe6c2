import { type IncomingMessage } from 'node:http';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import { type Request } from 'express';
import { Fault } from '../domain/fault.js';

const routes = [/^\/api\/v1\/notify\//i, /^\/api\/v1\/hooks\//i];

/** Whether a handler reads the bytes of a request's body itself, since they are signed, or no JSON whatever is said of them. */
export function hasRawBody({ url = '' }: IncomingMessage): boolean {
  return routes.some((route) => route.test(url));
}

/**
 * The bytes of a body that no parser has touched. Called in a handler, so behind the guards: those without the right to
 * send something cannot make us keep it.
 * `advice` says what to do about one that is too large.
 * @throws Fault `request.too_large` above `most` bytes, `request.invalid` for one that ends too early
 */
export async function readRawBody(request: Request, most: number, advice = ''): Promise<Buffer> {
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new UnsupportedMediaTypeException('This body must not be compressed.');
  }
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge(most, advice);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Left open when we stop early: the answer goes out over the same connection.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > most) throw tooLarge(most, advice);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw error instanceof Fault ? error : new Fault('request.invalid', 'The body ended too early.');
  }
  return Buffer.concat(chunks);
}

function tooLarge(most: number, advice: string): Fault {
  return new Fault('request.too_large', `The body is larger than ${most} bytes${advice}.`);
}

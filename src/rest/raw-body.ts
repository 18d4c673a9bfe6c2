import { type IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { UnsupportedMediaTypeException } from '@nestjs/common';
import { type Request } from 'express';
import { Fault } from '../domain/fault.js';

const inflaters = new Map(
  Object.entries({ gzip: promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) }),
);

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
  return readBytes(request, most, advice);
}

/** The same of a body that may be compressed; the bound is that of what comes out. */
export async function readInflatedBody(request: Request, most: number, advice = ''): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return readBytes(request, most, advice);
  const decompress = inflaters.get(encoding);
  if (!decompress) throw new UnsupportedMediaTypeException('The body may be compressed by gzip, deflate or br.');
  const bytes = await readBytes(request, most, advice);
  try {
    return await decompress(bytes, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(most, advice);
    throw new Fault('request.invalid', 'The compressed body cannot be read.');
  }
}

async function readBytes(request: Request, most: number, advice: string): Promise<Buffer> {
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

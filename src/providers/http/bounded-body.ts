import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { AnswerError } from './answer.error.js';

const decoders = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

/** What we can unpack, as an `Accept-Encoding` says it. */
export const acceptedCodings = 'gzip, deflate, br';

/**
 * Reads a body whole. Its bytes are counted as they come, before and after they are unpacked, so that neither a long
 * answer nor one that swells takes more than `maxBytes` of memory.
 * @throws AnswerError when it is longer, or packed in a way that we do not know
 */
export async function readBody(body: Readable, coding: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const bounded = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new AnswerError(`is longer than ${maxBytes} bytes`);
      yield chunk;
    }
  };
  const collect = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) chunks.push(chunk);
  };
  const name = coding.trim().toLowerCase();
  if (name === '' || name === 'identity') {
    await pipeline(body, bounded, collect);
  } else if (Object.hasOwn(decoders, name)) {
    await pipeline(body, bounded, decoders[name as keyof typeof decoders](), bounded, collect);
  } else {
    throw new AnswerError('is packed in a way that was not asked for');
  }
  return Buffer.concat(chunks);
}

import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whether `signature` is the HMAC-SHA256 of the parts, in hex. Compares in constant time. */
export function isHmac(signature: string, secret: string, ...parts: (string | Buffer)[]): boolean {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  const expected = hmac.digest();
  const given = /^[0-9a-f]{64}$/i.test(signature) ? Buffer.from(signature, 'hex') : Buffer.alloc(0);
  // The digest is made in any case, and what has another length is compared with nothing that could match.
  return timingSafeEqual(given.length === expected.length ? given : Buffer.alloc(expected.length), expected);
}

/** The one value of a header; undefined without it, and for one that was sent twice. */
export function headerOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value.trim() : undefined;
}

import { createHash, createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';
/** The specification wants 24 to 64. */
const secretBytes = 32;

/** A new secret, in the form in which receivers keep it: `whsec_` and base64. */
export function newWebhookSecret(): string {
  return prefix + randomBytes(secretBytes).toString('base64');
}

/** By which people tell secrets apart. A short digest is safe, since secrets are random and never chosen. */
export function fingerprintOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 12);
}

export interface SignedParts {
  /** Without full stops, which part what is signed. */
  id: string;
  /** Seconds since 1970. */
  timestamp: number;
  body: string;
}

/** The value of the header `webhook-signature`: one signature for each secret, in their order. */
export function signatures(secrets: readonly string[], { id, timestamp, body }: SignedParts): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(prefix.length), 'base64');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    })
    .join(' ');
}

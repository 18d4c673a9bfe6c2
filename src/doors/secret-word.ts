import { createHash, randomBytes } from 'node:crypto';

/** 256 bits that nobody can guess, as 43 letters, digits, dashes and underscores. */
export function secretWord(): string {
  return randomBytes(32).toString('base64url');
}

/** SHA-256: under this a secret is kept, looked up and compared, and never by itself. */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

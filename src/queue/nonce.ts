import { randomBytes } from 'node:crypto';

const length = 16;
/** Asking the system for randomness is dearer than all else that a notification costs here, hence many at once. */
let bytes = Buffer.alloc(0);
let used = 0;

/** What Discord knows a message by: 22 letters that no other notification has. Not a secret. */
export function newNonce(): string {
  if (used === bytes.length) {
    bytes = randomBytes(length * 128);
    used = 0;
  }
  return bytes.toString('base64url', used, (used += length));
}

import { faultText } from './fault-text.js';

/** Codes of faults that end a connection that never came to stand, so that nothing was said on it. */
const beforeSaying =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|EPROTO)$|CERT|SIGNATURE/;

/** A request that may have been heard, though its answer never came. */
export class UnansweredError extends Error {
  /** It cannot have been heard. */
  readonly neverSent: boolean;

  constructor(cause: unknown) {
    super(faultText(cause));
    this.name = 'UnansweredError';
    const code: unknown = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
    this.neverSent = typeof code === 'string' && beforeSaying.test(code);
  }
}

/** Discord said yes, and what came with it is no message. */
export class UnreadableAnswerError extends Error {
  constructor() {
    super("Discord's answer is not a message");
    this.name = 'UnreadableAnswerError';
  }
}

/** In milliseconds. */
export interface BackoffOptions {
  /** The longest first wait; doubled with every failure. */
  baseMs: number;
  /** The longest wait of all. */
  capMs: number;
}

/** A longer timer fires at once, and what a server says may be anything. */
const longestTimer = 2_147_483_647;

export const defaultBackoff: BackoffOptions = { baseMs: 1_000, capMs: 30_000 };

/**
 * Exponential backoff with full jitter: anything between nothing and the longest wait, so that the clients of a server
 * that went down do not come back all at once. `retryAfter` (seconds, the server's word) comes before it.
 */
export function waitBefore(failures: number, { baseMs, capMs }: BackoffOptions, retryAfter = 0): number {
  const spread = Math.random() * Math.min(capMs, baseMs * 2 ** failures);
  return Math.min(longestTimer, retryAfter * 1_000 + spread);
}

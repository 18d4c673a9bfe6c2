/**
 * Counts failed tries by client address. A port: the app binds it to the limiter of the house. Implementations decide
 * what counts as one client (an IPv6 /64, say) and must not throw.
 */
export abstract class AttemptLimiter {
  /** Seconds until the address may try again; undefined while it may. Counts nothing. */
  abstract check(address: string): Promise<number | undefined>;

  /** Notes a failed try. */
  abstract failed(address: string): Promise<void>;
}

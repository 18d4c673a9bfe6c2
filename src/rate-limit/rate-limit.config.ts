import { z } from 'zod';
import { parseTrustProxy } from './trust-proxy.js';

const perMinute = (usual: number): z.ZodDefault<z.ZodCoercedNumber> =>
  z.coerce.number().int().min(1).max(1_000_000).default(usual);

export const rateLimitConfig = z.object({
  /** Requests of one key, or of one address without a key. */
  RATE_LIMIT_HTTP_PER_MINUTE: perMinute(600),
  /** Messages of the sockets of one address. */
  RATE_LIMIT_SOCKET_PER_MINUTE: perMinute(6_000),
  /** Rooms entered from one address, on any transport. */
  RATE_LIMIT_JOINS_PER_MINUTE: perMinute(1_200),
  /** Notifications and events posted with one key; each of a batch counts. */
  RATE_LIMIT_PUBLISH_PER_MINUTE: perMinute(600),
  /**
   * Whose `X-Forwarded-For` is believed: `false`, the number of proxies in front, or a list of addresses, CIDR ranges
   * and the names `loopback`, `linklocal`, `uniquelocal`. `true` believes everybody, so any client can name its address.
   */
  TRUST_PROXY: z
    .string()
    .default('false')
    .transform((text, context) => {
      const setting = parseTrustProxy(text);
      if (setting !== undefined) return setting;
      context.addIssue({
        code: 'custom',
        message:
          'must be true, false, a number of proxies, or a list of addresses, CIDR ranges, loopback, linklocal, uniquelocal',
      });
      return z.NEVER;
    }),
});
export type RateLimitConfig = z.infer<typeof rateLimitConfig>;

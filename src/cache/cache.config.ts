import { z } from 'zod';

export const cacheConfig = z.object({
  /** Answers kept. */
  CACHE_MAX_ENTRIES: z.coerce.number().int().min(1).max(1_000_000).default(1_000),
  /** Memory for them, in bytes. */
  CACHE_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .default(64 * 1_024 * 1_024),
});
export type CacheConfig = z.infer<typeof cacheConfig>;

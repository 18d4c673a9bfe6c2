import { z } from 'zod';

export const eventLogConfig = z.object({
  HISTORY_SIZE: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  HISTORY_SECONDS: z.coerce.number().int().min(1).max(604_800).default(3_600),
  /** Changes of one member's presence within this time become one event, the latest; 0 keeps every one. */
  PRESENCE_WINDOW_MS: z.coerce.number().int().min(0).max(10_000).default(100),
});
export type EventLogConfig = z.infer<typeof eventLogConfig>;

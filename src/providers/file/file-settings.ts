import { z } from 'zod';

export const fileSettings = z.object({
  /** A file with guilds, or a folder of such files. */
  FILE_SOURCE_PATH: z.string().min(1).optional(),
  /** For all files together. */
  FILE_SOURCE_MAX_BYTES: z.coerce.number().int().min(1).max(268_435_456).default(4_194_304),
  /** Seconds between two looks for changes, for file systems that do not tell of them. */
  FILE_SOURCE_POLL_SECONDS: z.coerce.number().min(0.05).max(3_600).default(5),
});
export type FileSettings = z.infer<typeof fileSettings>;

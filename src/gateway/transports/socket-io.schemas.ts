import { z } from 'zod';

/** Longest key or token worth looking at. */
const secret = z.string().min(1).max(4_096);

export const joinMessage = z.object({
  guildId: z.string().min(1).max(128),
  /** Anything: what is not a cursor of ours means a fresh start, not an error. */
  cursor: z.unknown().optional(),
  auth: z
    .object({
      key: secret.optional(),
      password: secret.optional(),
      discordToken: secret.optional(),
      discordUser: z.object({ id: z.string().min(1).max(64), username: z.string().min(1).max(128) }).optional(),
    })
    .nullish(),
});

export const leaveMessage = z.object({ guildId: z.string().min(1).max(128) });

import { z } from 'zod';

export const statuses = ['online', 'idle', 'dnd', 'offline'] as const;
export const status = z.enum(statuses);
export type Status = z.infer<typeof status>;

export const activity = z.object({
  type: z.enum(['playing', 'streaming', 'listening', 'watching', 'custom', 'competing']),
  name: z.string(),
  state: z.string().optional(),
  details: z.string().optional(),
});
export type Activity = z.infer<typeof activity>;

export const platform = z.enum(['desktop', 'mobile', 'web']);
export type Platform = z.infer<typeof platform>;

export const platforms = z
  .array(platform)
  .min(1)
  .optional()
  .describe('Where a member is signed in. Left out where the source does not tell, and of those who are offline.');

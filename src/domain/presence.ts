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

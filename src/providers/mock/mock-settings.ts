import { z } from 'zod';

export const mockSettings = z.object({
  /** How fast the demo guilds live: 2 is twice as fast, 0 stands still. */
  MOCK_PACE: z.coerce.number().min(0).max(1_000).default(1),
  /** The same number makes the demo guilds live the same life at each start. */
  MOCK_SEED: z.coerce.number().int().min(0).max(0xffffffff).optional(),
});
export type MockSettings = z.infer<typeof mockSettings>;

import { z } from 'zod';
import { snowflake } from './snowflake.js';

/** A channel that everybody in the guild can see. `voice` is for stages too. */
export const channel = z.object({ id: snowflake, name: z.string(), kind: z.enum(['text', 'voice']) });
export type Channel = z.infer<typeof channel>;

import { z } from 'zod';
import { snowflake } from '../snowflake.js';

/** Messages of one channel that were told of before are gone: one, or many at once. */
export const messageDeleted = z.object({
  ids: z.array(snowflake).min(1),
  channelId: snowflake,
  channelName: z.string(),
});

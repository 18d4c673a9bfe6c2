import { z } from 'zod';
import { memberReference } from '../member.js';
import { snowflake } from '../snowflake.js';

/** A person or bot wrote into a text channel. `content` is clean: mentions are names, never ids. */
export const messageCreated = z.object({
  id: snowflake,
  channelId: snowflake,
  channelName: z.string(),
  author: memberReference.extend({ bot: z.boolean() }),
  content: z.string(),
  /** How many files came with it; the files themselves are not forwarded. */
  attachments: z.int().nonnegative(),
  createdAt: z.iso.datetime(),
});

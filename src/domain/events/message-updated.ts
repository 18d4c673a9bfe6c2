import { z } from 'zod';
import { messageCreated } from './message-created.js';

/** A message as its author changed it. It may be older than what is known of the guild. */
export const messageUpdated = messageCreated.extend({ editedAt: z.iso.datetime() });

import { z } from 'zod';
import { memberReference } from '../member.js';
import { snowflake } from '../snowflake.js';

/**
 * Somebody writes. Told again while it goes on; it is over some ten seconds after the event's `at`, or with a message.
 */
export const typingStarted = z.object({ member: memberReference, channelId: snowflake, channelName: z.string() });

import { z } from 'zod';
import { channel } from '../channel.js';

/** The channel as it is now, and the former values of the fields that changed. */
export const channelUpdated = z.object({ channel, previous: channel.omit({ id: true }).partial() });

import { z } from 'zod';
import { channel } from '../channel.js';

/** A channel was made, or everybody may see it from now on. */
export const channelCreated = z.object({ channel });

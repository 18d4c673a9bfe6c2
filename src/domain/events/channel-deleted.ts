import { z } from 'zod';
import { channel } from '../channel.js';

/** The channel is gone, or no longer for everybody: nothing more is told of it, not even that its messages go. */
export const channelDeleted = z.object({ channel });

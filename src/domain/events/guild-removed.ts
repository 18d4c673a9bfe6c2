import { z } from 'zod';
import { actor } from '../actor.js';

/** The guild is no longer shown: the bot left it, or it was deleted. Its room ends. */
export const guildRemoved = z.object({ actor });

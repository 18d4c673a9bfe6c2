import { z } from 'zod';
import { actor } from '../actor.js';
import { guild } from '../guild.js';

const fields = guild.pick({ name: true, iconUrl: true });

/**
 * The guild's own fields changed, or it became known. `previous` has the former values of those that changed, where the
 * source knew them.
 */
export const guildUpdated = z.object({ guild: fields, previous: fields.partial().optional(), actor });

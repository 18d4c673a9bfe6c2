import { z } from 'zod';
import { guild } from '../guild.js';

/** The guild's own fields changed, or it became known. */
export const guildUpdated = z.object({ guild: guild.pick({ name: true, iconUrl: true }) });

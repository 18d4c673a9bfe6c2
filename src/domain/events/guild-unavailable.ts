import { z } from 'zod';

/** The source lost sight of the guild (an outage); what was last known stays on show. */
export const guildUnavailable = z.object({});

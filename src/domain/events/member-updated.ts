import { z } from 'zod';
import { actor } from '../actor.js';
import { member } from '../member.js';

/** The member as it is now, and the former values of the fields that changed. */
export const memberUpdated = z.object({ member, previous: member.partial(), actor });

import { z } from 'zod';
import { actor } from '../actor.js';
import { memberReference } from '../member.js';

export const memberLeft = z.object({ member: memberReference, actor });

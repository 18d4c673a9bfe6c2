import { z } from 'zod';
import { actor } from '../actor.js';
import { member } from '../member.js';

export const memberJoined = z.object({ member, actor });

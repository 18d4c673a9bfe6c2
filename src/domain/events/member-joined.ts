import { z } from 'zod';
import { member } from '../member.js';

export const memberJoined = z.object({ member });

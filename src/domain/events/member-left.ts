import { z } from 'zod';
import { memberReference } from '../member.js';

export const memberLeft = z.object({ member: memberReference });

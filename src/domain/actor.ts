import { z } from 'zod';

export const actor = z
  .string()
  .optional()
  .describe('Who made the change, where that is known: `key:` and the public fingerprint of an API key.');

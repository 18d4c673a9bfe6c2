import { z } from 'zod';

/** Who made a change, where that is known: `key:` and the public fingerprint of an API key. */
export const actor = z.string().optional();

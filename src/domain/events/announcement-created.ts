import { z } from 'zod';

/** Something that an operator says to everybody in the room. `data` is theirs: any JSON object. */
export const announcementCreated = z.object({ data: z.record(z.string(), z.unknown()) });

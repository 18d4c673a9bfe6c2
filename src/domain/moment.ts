import { z } from 'zod';

const [first, last] = ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'].map((time) => Date.parse(time));

/** A time of the years 1 to 9999 with its zone. Read as ISO 8601 in UTC, which every part of the house understands. */
export const moment = z.iso
  .datetime({ offset: true, message: 'must be a time with its zone, such as 2026-01-31T18:00:00Z' })
  .refine((time) => Date.parse(time) >= first! && Date.parse(time) <= last!, {
    message: 'must be of the years 1 to 9999',
    abort: true,
  })
  .overwrite((time) => new Date(time).toISOString());

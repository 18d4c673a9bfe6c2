import { z } from 'zod';

const shape = /^\d{5,20}$/;

/** A Discord id: a 64-bit number kept as decimal text, since JavaScript numbers lose its last digits. */
export const snowflake = z.string().regex(shape, 'must be a Discord id: 5 to 20 digits, as text');
export type Snowflake = z.infer<typeof snowflake>;

export function isSnowflake(value: unknown): value is Snowflake {
  // Asked several times for each member of a guild: without the objects of a parse.
  return typeof value === 'string' && shape.test(value);
}

/** Orders ids by age, oldest first, without going through numbers. */
export function compareSnowflakes(a: Snowflake, b: Snowflake): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

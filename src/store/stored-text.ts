import { z } from 'zod';

/** Of an address of a picture. */
const longestUrl = 2_048;

/** Neither the database nor other programs take a NUL or half of a surrogate pair. */
function isWhole(value: string): boolean {
  return !/\0|\p{Surrogate}/u.test(value);
}

/** Text of 1 to `longest` characters (code points), with nothing blank around it. */
export function storedText(longest: number): z.ZodString {
  return z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .refine(isWhole, 'must be whole characters, without NUL')
    .refine((value) => [...value].length <= longest, `must be at most ${longest} characters`);
}

export const storedUrl = z
  .string()
  .max(longestUrl)
  .regex(/^https?:\/\/\S+$/i, 'must be an address with http or https')
  .refine((value) => isWhole(value) && URL.canParse(value), 'must be an address with http or https');

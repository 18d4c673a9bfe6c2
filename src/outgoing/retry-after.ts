/** Milliseconds. A server that wants to be left alone for longer is asked again all the same. */
const longestPause = 3_600_000;

/** Milliseconds from a `Retry-After`, which is seconds or a date; undefined when it is neither. */
export function readRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, longestPause);
  // The only dates of HTTP begin with the name of a day; Date.parse would take far more for one.
  const time = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : Math.min(Math.max(time - now, 0), longestPause);
}

/**
 * Milliseconds to wait before try number `attempt` (0 = the first repetition): doubles from `base` to `most`. The
 * upper half is left to chance, so that many bots do not come back in step.
 */
export function backoff(attempt: number, { base = 1_000, most = 60_000, random = Math.random } = {}): number {
  const full = Math.min(most, base * 2 ** Math.min(attempt, 30));
  return Math.round(full / 2 + (full / 2) * random());
}

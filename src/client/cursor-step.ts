import { parseCursor } from '../domain/cursor.js';

/**
 * What an event is to somebody who stands at `here`: `next`, `old` (already known) or `gap` (something is missing in
 * between, or the log began a new life).
 */
export function cursorStep(here: unknown, there: unknown): 'next' | 'old' | 'gap' {
  const from = parseCursor(here);
  const to = parseCursor(there);
  if (!from || !to || from.epoch !== to.epoch) return 'gap';
  const distance = to.offset - from.offset;
  if (distance <= 0) return 'old';
  return distance === 1 ? 'next' : 'gap';
}

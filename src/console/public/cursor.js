const form = /^([A-Za-z0-9_-]{1,64}):(0|[1-9]\d{0,14})$/;

/**
 * What an event is to somebody who stands at `here`: `next`, `old` (already known) or `gap` (something is missing in
 * between, or the log began a new life).
 */
export function stepTo(here, there) {
  const from = form.exec(here ?? '');
  const to = form.exec(there ?? '');
  if (!from || !to || from[1] !== to[1]) return 'gap';
  const distance = Number(to[2]) - Number(from[2]);
  if (distance <= 0) return 'old';
  return distance === 1 ? 'next' : 'gap';
}

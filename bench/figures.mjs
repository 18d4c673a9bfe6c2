// Medians of what was measured, and how figures are written into tables.

/** Undefined of nothing; one failure is not made good by the other rounds. */
export function median(figures) {
  const sorted = figures.filter((figure) => figure !== undefined).sort((a, b) => a - b);
  return sorted.at(-1) === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : sorted[Math.floor(sorted.length / 2)];
}

/** The median of `key` over those of `list` that have the `wanted` values. */
export function medianOf(list, key, wanted) {
  return median(
    list.filter((figure) => Object.entries(wanted).every(([name, value]) => figure[name] === value)).map((f) => f[key]),
  );
}

export function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export const dash = '–';
/** Without a sign before a zero. */
export function shown(value, digits) {
  if (value === undefined || Number.isNaN(value)) return dash;
  return value === Number.POSITIVE_INFINITY ? 'failed' : value.toFixed(digits).replace(/^-(?=[0.]+$)/, '');
}
export const ratio = (value, base, digits = 2) =>
  value === undefined || base === undefined ? dash : (value / base).toFixed(digits);
export const percent = (share) => `${Math.round(share * 100)} %`;
export const unique = (list) => [...new Set(list)];

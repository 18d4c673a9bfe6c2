/** The colours that a template may name, as Discord's own palette has them. */
const named = new Map([
  ['red', 0xed4245],
  ['orange', 0xe67e22],
  ['yellow', 0xfee75c],
  ['green', 0x57f287],
  ['blue', 0x3498db],
  ['blurple', 0x5865f2],
  ['purple', 0x9b59b6],
  ['pink', 0xeb459e],
  ['grey', 0x95a5a6],
  ['gray', 0x95a5a6],
  ['white', 0xffffff],
  ['black', 0x23272a],
]);

/** `#rrggbb`, a decimal number or a name; undefined for anything else. */
export function readColor(words: string): number | undefined {
  const wanted = words.trim().toLowerCase();
  if (/^#[0-9a-f]{6}$/.test(wanted)) return Number.parseInt(wanted.slice(1), 16);
  if (/^\d{1,8}$/.test(wanted) && Number(wanted) <= 0xffffff) return Number(wanted);
  return named.get(wanted);
}

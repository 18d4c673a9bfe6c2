/** Bytes; Postgres cuts a longer name, and would then mean another thing. */
const longest = 63;

/** Whether this may be the name of a table, column or channel: nothing that SQL could read in another way. */
export function isIdentifier(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_$]*$/u.test(text) && Buffer.byteLength(text) <= longest;
}

/** `name` or `schema.name` as SQL writes it, in its own case. @throws Error for what is no identifier, wherever it came from */
export function quoted(name: string): string {
  const parts = name.split('.');
  if (parts.length > 2 || !parts.every(isIdentifier)) throw new Error('this is not the name of a table or column');
  return parts.map((part) => `"${part}"`).join('.');
}

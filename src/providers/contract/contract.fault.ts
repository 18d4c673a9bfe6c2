/** A source does not do what Guildcast relies on. The message is one sentence or two, with what to do. */
export class ContractFault extends Error {
  override readonly name = 'ContractFault';
}

/** A value in a few words, for a sentence. */
export function inShort(value: unknown): string {
  if (value instanceof Error) return value.message;
  const text =
    typeof value === 'object' && value !== null ? writeDown(value) : `${JSON.stringify(value) ?? String(value)}`;
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function writeDown(value: object): string {
  try {
    return JSON.stringify(value) ?? 'something that is no data';
  } catch {
    return 'something that is no data';
  }
}

import { createHash } from 'node:crypto';

/** By their texts. Programs declare what they send, so that this holds no more than there are declarations. */
const names = new Map<string, string>();

/**
 * Declares a statement that is sent often: each connection has it read and planned once instead of each time. Answers
 * the text, to be sent as any other. It must be the same text each time, its values parameters; and it must name the
 * columns that it answers, since a `*` would break when a migration adds one.
 */
export function prepared(text: string): string {
  if (!names.has(text)) {
    const digest = createHash('sha256').update(text).digest('base64url');
    // Postgres knows names by their first 63 bytes. By the text, so that programs behind one proxy agree.
    names.set(text, `guildcast_${digest.slice(0, 32)}`);
  }
  return text;
}

/**
 * A bound for the text of a prepared statement whose true limit is a parameter: its plan, which is kept, would expect a
 * tenth of the table. Powers of ten, so that there are few texts.
 */
export function plannedLimit(limit: number): number {
  return 10 ** Math.ceil(Math.log10(Math.max(1, limit)));
}

/** The name of a declared statement. */
export function preparedName(text: unknown): string | undefined {
  return typeof text === 'string' ? names.get(text) : undefined;
}

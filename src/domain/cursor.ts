/**
 * A place in the event log of one guild, written `epoch:offset`. The epoch names one life of the log; offsets count
 * the guild's events from 1, without gaps, so 0 is the place before the first.
 */
export interface Position {
  epoch: string;
  offset: number;
}

export type Cursor = string;

const form = /^([A-Za-z0-9_-]{1,64}):(0|[1-9]\d{0,14})$/;

export function formatCursor({ epoch, offset }: Position): Cursor {
  return `${epoch}:${offset}`;
}

/** Undefined for anything that no log of ours can have written. */
export function parseCursor(text: unknown): Position | undefined {
  if (typeof text !== 'string') return undefined;
  const match = form.exec(text);
  return match ? { epoch: match[1]!, offset: Number(match[2]) } : undefined;
}

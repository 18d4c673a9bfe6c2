import { type Closing, type CloseReason, closeReasons, closingFor } from '../domain/closing.js';

/**
 * Why the server is about to end the connection. Undefined for anything that the table of reasons does not hold: the
 * loss is then one like any other.
 */
export function readClosing(content: unknown): Closing | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const { code, reason, message, retryAfter } = content as Partial<Record<keyof Closing, unknown>>;
  if (!isReason(reason) || closeReasons[reason].code !== code) return undefined;
  const closing = closingFor(reason, typeof retryAfter === 'number' && retryAfter > 0 ? retryAfter : undefined);
  return typeof message === 'string' ? { ...closing, message } : closing;
}

function isReason(value: unknown): value is CloseReason {
  return typeof value === 'string' && Object.hasOwn(closeReasons, value);
}

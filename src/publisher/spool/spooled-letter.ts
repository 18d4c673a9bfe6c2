import { randomUUID } from 'node:crypto';
import { type Letter, wires } from '../letter.js';

/** A number that orders, and an id that tells apart: letters sort by their names as they came. */
const shape = /^(0\d{14})-[0-9a-f-]{36}\.json$/;

export function letterName(number: number): string {
  return `${String(number).padStart(15, '0')}-${randomUUID()}.json`;
}

/** Undefined for what is no letter of a spool. */
export function numberOf(name: string): number | undefined {
  const digits = shape.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** What stands in the file. The key that it is sent with does not. */
export function spoolText({ idempotencyKey, wire, body }: Letter, spooledAt: Date): string {
  return `${JSON.stringify({ version: 1, spooledAt: spooledAt.toISOString(), idempotencyKey, wire, body })}\n`;
}

/** Undefined for a file that was torn, or written by something else. */
export function readLetter(text: string): Letter | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null) return undefined;
  const { version, idempotencyKey, wire, body } = read as Record<string, unknown>;
  const known = wires.find((name) => name === wire);
  if (version !== 1 || known === undefined || typeof body !== 'object' || body === null) return undefined;
  if (typeof idempotencyKey !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(idempotencyKey)) return undefined;
  return { idempotencyKey, wire: known, body: body as Letter['body'] };
}

import { randomUUID } from 'node:crypto';
import { isKey, type Letter, wires } from '../letter.js';

const version = 1;

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
  return `${JSON.stringify({ version, spooledAt: spooledAt.toISOString(), idempotencyKey, wire, body })}\n`;
}

/** newer: in a form that later versions write · undefined: torn, or written by something else. */
export function readLetter(text: string): Letter | 'newer' | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null) return undefined;
  const { version: written, idempotencyKey, wire, body } = read as Record<string, unknown>;
  if (Number.isInteger(written) && (written as number) > version) return 'newer';
  const known = wires.find((name) => name === wire);
  if (written !== version || known === undefined || typeof body !== 'object' || body === null) return undefined;
  if (Array.isArray(body) || typeof idempotencyKey !== 'string' || !isKey(idempotencyKey)) return undefined;
  return { idempotencyKey, wire: known, body: body as Letter['body'] };
}

import { createHash } from 'node:crypto';
import { Fault } from '../domain/fault.js';

/** Deeper payloads say nothing that a message could show, and would exhaust the stack of those who walk them. */
const deepest = 32;
/** Levels of what a payload stands in when it is hashed with the rest of its request. */
const around = 4;

function mustEnd(depth: number, most: number): void {
  if (depth > most) throw new Fault('request.invalid', `The payload is nested deeper than ${deepest} levels.`);
}

function measure(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  mustEnd(depth, deepest);
  for (const key in value) measure((value as Record<string, unknown>)[key], depth + 1);
}

/** JSON text of a value that is not too deep. Fault `request.invalid`. */
export function boundedJson(value: unknown): string {
  measure(value, 0);
  return JSON.stringify(value) ?? 'null';
}

type KeyOrder = (a: string, b: string) => number;

/** The same text for the same JSON value, in whatever order its keys were written. */
export function canonicalJson(value: unknown): string {
  return orderedJson(value, (a, b) => (a < b ? -1 : 1));
}

/** The text that a jsonb column gives back for a value: shorter keys come first, as Postgres keeps them. Fault `request.invalid`. */
export function storedJson(value: unknown): string {
  return orderedJson(JSON.parse(storableJson(boundedJson(value))), (a, b) => {
    const [one, other] = [Buffer.from(a), Buffer.from(b)];
    return one.length - other.length || Buffer.compare(one, other);
  });
}

function orderedJson(value: unknown, order: KeyOrder, depth = 0): string {
  mustEnd(depth, deepest + around);
  if (Array.isArray(value)) return `[${value.map((item) => orderedJson(item, order, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => order(a, b))
    .map(([key, item]) => `${JSON.stringify(key)}:${orderedJson(item, order, depth + 1)}`);
  return `{${entries.join(',')}}`;
}

/** SHA-256 of the canonical form, in hex. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/**
 * JSON text that Postgres takes as jsonb: a NUL character or half of a surrogate pair, which it refuses, becomes the
 * replacement character. Escapes of JSON are told from escaped backslashes by matching both.
 */
export function storableJson(json: string): string {
  if (!json.includes('\\u')) return json;
  return json.replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/gi, (escape) =>
    /^\\u(?:0000|d[89a-f])/i.test(escape) ? '\ufffd' : escape,
  );
}

import { z } from 'zod';

function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Text, or a number or boolean written as text; `fallback` for anything else, nothing and blanks. */
export function text(fallback: string) {
  return z.preprocess((value) => textOf(value) || fallback, z.string());
}

/** A number, also one written as text; `fallback` for anything else. */
export function number(fallback: number) {
  return z.preprocess((value) => {
    const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof read === 'number' && Number.isFinite(read) ? read : fallback;
  }, z.number());
}

/** An object; an empty one for anything else. */
export function record() {
  return z.preprocess(
    (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}),
    z.record(z.string(), z.unknown()),
  );
}

/** Reads the fields of `shape` out of any payload. */
export function readPayload<S extends z.ZodRawShape>(shape: S, payload: unknown): z.output<z.ZodObject<S>> {
  return z.object(shape).parse(record().parse(payload));
}

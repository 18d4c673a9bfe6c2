import { compareSnowflakes } from '../../domain/snowflake.js';
import { invalidForm } from './api-error.js';

export function byId(a: { id: string }, b: { id: string }): number {
  return compareSnowflakes(a.id, b.id);
}

/** `?limit=`, between 1 and `most`. */
export function limitOf(query: URLSearchParams, fallback: number, most: number): number {
  const text = query.get('limit');
  if (text === null) return fallback;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit;
  const message = `int value should be between 1 and ${most}.`;
  throw invalidForm([{ path: 'limit', code: 'NUMBER_TYPE_COERCE', message }]);
}

/** `?after=`, an id; 0 when absent. */
export function afterOf(query: URLSearchParams): string {
  const text = query.get('after') ?? '0';
  if (/^\d{1,20}$/.test(text)) return text;
  throw invalidForm([{ path: 'after', code: 'NUMBER_TYPE_COERCE', message: `Value "${text}" is not snowflake.` }]);
}

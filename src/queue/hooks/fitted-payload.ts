import { cut } from '../../discord/embed-limits.js';
import { storableJson } from '../canonical-json.js';
import { type HookPayload } from './hook.js';

/** Characters that each text may keep, one try after the other; the first is all that Discord would show. */
const lengths = [4_096, 1_024, 256, 64];
/** Entries of a list, or of labels. */
const mostEntries = 25;

/**
 * What a sender told, with its texts cut as far as it takes to have at most `most` bytes as JSON: its senders cannot be asked
 * to tell less, and would not repeat what is refused. What is larger still is left to who refuses it.
 */
export function fittedPayload(payload: HookPayload, most: number): HookPayload {
  let fitted = payload;
  for (const longest of lengths) {
    if (Buffer.byteLength(storableJson(JSON.stringify(fitted))) <= most) break;
    fitted = shortened(payload, longest) as HookPayload;
  }
  return fitted;
}

function shortened(value: unknown, longest: number): unknown {
  if (typeof value === 'string') return cut(value, longest);
  if (Array.isArray(value)) return value.slice(0, mostEntries).map((item) => shortened(item, longest));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).slice(0, mostEntries);
  return Object.fromEntries(entries.map(([key, item]) => [cut(key, longest), shortened(item, longest)]));
}

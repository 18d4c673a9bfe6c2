import { codeBlock, titleCase } from './discord-text.js';
import { type Embed } from './notification-type.js';
import { record } from './payload-fields.js';

/** A readable form for a type that nobody described: its `title` and `message` where they are texts, all else as fields. */
export function renderGeneric(type: string, payload: unknown): Embed {
  const entries = new Map(Object.entries(record().parse(payload)));
  const take = (key: string): string => {
    const value = entries.get(key);
    if (typeof value !== 'string') return '';
    entries.delete(key);
    return value.trim();
  };
  return {
    title: take('title') || titleCase(type) || type,
    description: take('message') || undefined,
    color: 0x5865f2,
    fields: [...entries].map(([key, value]) => field(titleCase(key) || key, value)),
  };
}

function field(name: string, value: unknown): { name: string; value: string; inline: boolean } {
  if (typeof value === 'object' && value !== null) {
    return { name, value: codeBlock(JSON.stringify(value, undefined, 2)), inline: false };
  }
  const written =
    typeof value === 'string' ? value : value === null || value === undefined ? '—' : JSON.stringify(value);
  return { name, value: written, inline: written.length <= 40 };
}

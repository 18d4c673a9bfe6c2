import { cut } from '../../discord/embed-limits.js';
import { type RenderedMessage } from '../../domain/notification.js';

const longest = 150;
/** Where payloads have what a person would read first. */
const telling = ['message', 'error_message', 'text', 'description', 'summary', 'status', 'action'];

/** What a notification says, in one line of at most 150 characters; nothing where it says nothing. */
export function shortForm(payload: unknown, message: RenderedMessage | null): string {
  return cut((message ? ofMessage(message) : ofPayload(payload)).replace(/\s+/g, ' ').trim(), longest);
}

function ofMessage({ content, embeds = [] }: RenderedMessage): string {
  const texts = embeds.flatMap(({ title, description, fields = [] }) => [
    [title, description].filter((text) => text?.trim()).join(': '),
    ...fields.map(({ name, value }) => `${name}: ${value}`),
  ]);
  return [content, ...texts].find((text) => text?.trim()) ?? '';
}

function ofPayload(payload: unknown): string {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return '';
  const fields = new Map(Object.entries(payload).flatMap(([key, value]) => (isPlain(value) ? [[key, value]] : [])));
  const title = fields.get('title');
  const said = telling.map((key) => fields.get(key)).find((value) => value !== undefined);
  if (title !== undefined || said !== undefined) {
    return [title, said].filter((value) => value !== undefined).join(': ');
  }
  return [...fields].map(([key, value]) => `${key}: ${value}`).join(' · ');
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' ? value.trim() !== '' : typeof value === 'number' || typeof value === 'boolean';
}

import { z } from 'zod';
import { fieldMap, noFields } from './field-map.js';

/** Says nothing about the address but what is wrong: a query may hold a secret. */
function address(text: string, context: z.RefinementCtx): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fault = (message: string): void => context.addIssue({ code: 'custom', message });
  if (!url || !['http:', 'https:'].includes(url.protocol)) fault('must be an http(s) address');
  else if (url.username || url.password) fault('must not hold a user or a password: send them in HTTP_SOURCE_HEADERS');
  else if (url.hash) fault('must not have a fragment');
}

/** A template for one guild's address; its host and port must be the same for every guild. */
function template(text: string, context: z.RefinementCtx): void {
  address(text, context);
  if (!text.includes('{guildId}')) context.addIssue({ code: 'custom', message: 'must contain {guildId}' });
  const origins = ['1', '2'].map((id) => text.replaceAll('{guildId}', id)).filter((url) => URL.canParse(url));
  if (new Set(origins.map((url) => new URL(url).origin)).size > 1)
    context.addIssue({ code: 'custom', message: 'must have {guildId} behind its host' });
}

/** What belongs to the connection or to the cache is ours to say. */
const ours = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'if-modified-since',
  'if-none-match',
  'keep-alive',
  'proxy-connection',
  'range',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Faults count the headers instead of quoting them: their values are secrets. A `|` inside a value may stay. */
function headers(text: string, context: z.RefinementCtx): Record<string, string> {
  const read = new Map<string, string>();
  for (const [index, line] of text.split(/\|(?=\s*[\w-]+\s*:)/).entries()) {
    const fault = (message: string): void =>
      context.addIssue({ code: 'custom', message: `header ${index + 1} ${message}` });
    const [, name = '', value = ''] = /^\s*([\w-]+)\s*:\s*(\S(?:.*\S)?)\s*$/.exec(line) ?? [];
    const key = name.toLowerCase();
    if (name === '') fault('must be a name, a colon and a value');
    else if (!/^[\x20-\x7e]*$/.test(value)) fault('has a value with other than plain characters');
    else if (ours.has(key)) fault(`is ${key}, which cannot be set`);
    else if (read.has(key)) fault(`is ${key}, which is said twice`);
    read.set(key, value);
  }
  return Object.fromEntries(read);
}

export const httpSettings = z.object({
  /** Answers with the guilds there are. */
  HTTP_SOURCE_GUILDS_URL: z.string().trim().superRefine(address).optional(),
  /** Answers with the members of the guild whose id takes the place of `{guildId}`. */
  HTTP_SOURCE_GUILD_URL: z.string().trim().superRefine(template).optional(),
  /** Sent with every request. Secrets. */
  HTTP_SOURCE_HEADERS: z.string().transform(headers).default({}),
  HTTP_SOURCE_FIELDS: fieldMap.default(noFields),
  /** For an answer on the wire and for what is unpacked from it, and for all answers kept together. */
  HTTP_SOURCE_MAX_BYTES: z.coerce.number().int().min(1_024).max(268_435_456).default(16_777_216),
  HTTP_SOURCE_TIMEOUT_MS: z.coerce.number().int().min(1).max(120_000).default(10_000),
  HTTP_SOURCE_ALLOW_PRIVATE: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
});
export type HttpSettings = z.infer<typeof httpSettings>;

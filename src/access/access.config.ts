import { z } from 'zod';
import { type KeyEntry } from './api-keys.js';
import { isScope, scopes } from './scope.js';

const shortestKey = 16;

/** `scope=key, scope=key …`; the key may hold `=`. A fault names the entry's place, never its text. */
const keyEntries = z
  .string()
  .default('')
  .transform((text, context): KeyEntry[] => {
    const entries: KeyEntry[] = [];
    const parts = text.split(',').map((part) => part.trim());
    parts.forEach((part, index) => {
      if (part === '') return;
      const fault = (message: string): void => {
        context.addIssue({ code: 'custom', message: `entry ${index + 1}: ${message}` });
      };
      const equals = part.indexOf('=');
      const scope = part.slice(0, Math.max(equals, 0)).trim();
      const key = part.slice(equals + 1).trim();
      if (equals === -1) fault(`must be written scope=key, with one of the scopes ${scopes.join(', ')}`);
      else if (!isScope(scope)) fault(`no such scope; the scopes are ${scopes.join(', ')}`);
      else if (!/^[\x21-\x7e]*$/.test(key)) fault('the key may hold printable ASCII characters only, without spaces');
      else if (key.length < shortestKey) fault(`the key must have at least ${shortestKey} characters`);
      else entries.push({ scope, key });
    });
    return entries;
  });

export const accessConfig = z.object({ API_KEYS: keyEntries });

/** Without a configured admin key the app makes its own: see `loadAdminKey`. */
export function hasAdminKey(entries: readonly KeyEntry[]): boolean {
  return entries.some(({ scope }) => scope === 'admin');
}

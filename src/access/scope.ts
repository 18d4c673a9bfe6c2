/** What a key may do. `admin` implies all others; `mention` adds to `publish` that notifications may ring people. */
export const scopes = ['admin', 'publish', 'mention', 'consume', 'read', 'metrics'] as const;
export type Scope = (typeof scopes)[number];

export function isScope(value: string): value is Scope {
  return (scopes as readonly string[]).includes(value);
}

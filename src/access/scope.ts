/** What a key may do. `admin` implies all others. */
export const scopes = ['admin', 'publish', 'consume', 'read', 'metrics'] as const;
export type Scope = (typeof scopes)[number];

export function isScope(value: string): value is Scope {
  return (scopes as readonly string[]).includes(value);
}

/** Where something is inside a JSON document (RFC 6901), cut into its steps. */
export type JsonPointer = readonly string[];

/** Undefined when the text is no pointer: it has to be empty or to begin with `/`, and `~` to be followed by 0 or 1. */
export function parsePointer(text: string): JsonPointer | undefined {
  if (text === '') return [];
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return undefined;
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What the pointer points at, or undefined. Own properties alone: `/constructor` finds nothing that JSON did not say. */
export function pointTo(document: unknown, pointer: JsonPointer): unknown {
  let at = document;
  for (const step of pointer) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at) && !/^(0|[1-9]\d*)$/.test(step)) return undefined;
    if (!Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

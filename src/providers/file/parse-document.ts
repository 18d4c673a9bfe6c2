import { boolCoreTag, FAILSAFE_SCHEMA, load, nullCoreTag, YAMLException } from 'js-yaml';
import { jsonFaultAt } from './json-fault.js';

/** Numbers stay text: of an id without quotes no digit may be lost, and a guild may be called 2024. */
const schema = FAILSAFE_SCHEMA.withTags(nullCoreTag, boolCoreTag);

/**
 * Reads JSON or YAML.
 * @throws Error with one sentence that names the line of the fault, where it has one
 */
export function parseDocument(bytes: Buffer, format: 'json' | 'yaml'): unknown {
  const text = decode(bytes);
  if (text.trim() === '') throw new Error('it is empty');
  return format === 'json' ? parseJson(text) : parseYaml(text);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('it is not UTF-8');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const at = jsonFaultAt(text) ?? 0;
    const line = text.slice(0, at).split('\n').length;
    const what =
      at === text.length ? 'it ends in the middle' : `JSON has no place for ${JSON.stringify(text.charAt(at))}`;
    throw new Error(`line ${line}: ${what}`);
  }
}

function parseYaml(text: string): unknown {
  try {
    // References could make a short file endless.
    return load(text, { schema, maxAliases: 0 });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw new Error('it cannot be read as YAML');
    const reason = error.reason.startsWith('aliases exceeded') ? 'references (*name) are not taken' : error.reason;
    throw new Error(error.mark ? `line ${error.mark.line + 1}: ${reason}` : reason);
  }
}

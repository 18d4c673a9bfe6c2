import { redactText } from '../telemetry/redaction.js';
import { type DoctorConfig } from './installation.js';

const mask = '[secret]';
/** Shorter ones would be found in the middle of words. */
const shortest = 4;

/**
 * Hides the secrets of the settings in a text. The last defence: sentences are written without them, but plugins and
 * other servers have words of their own.
 */
export function withoutSecrets(config: DoctorConfig | undefined): (text: string) => string {
  const secrets = config ? secretsOf(config) : [];
  return (text) => redactText(secrets.reduce((safe, secret) => safe.replaceAll(secret, mask), text));
}

/** Longest first: one may be a part of another. */
function secretsOf(config: DoctorConfig): string[] {
  const settings = { ...config.providers.settings, ...config } as Record<string, unknown>;
  const found = [
    ...config.API_KEYS.map(({ key }) => key),
    ...Object.entries(settings).flatMap(([name, value]) => secretsIn(name, value)),
  ];
  return [...new Set(found)].filter(({ length }) => length >= shortest).sort((a, b) => b.length - a.length);
}

function secretsIn(name: string, value: unknown): string[] {
  if (name.endsWith('_HEADERS') && typeof value === 'object' && value !== null)
    // The scheme before a key, such as `Bearer`, is none.
    return Object.values(value).flatMap((header) => [String(header), ...String(header).split(' ').slice(1)]);
  if (typeof value !== 'string') return [];
  if (/(TOKEN|SECRET|PASSWORD|KEY)$/.test(name)) return [value];
  if (!URL.canParse(value)) return [];
  const { password, searchParams } = new URL(value);
  return [password, decoded(password), searchParams.get('password') ?? ''];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

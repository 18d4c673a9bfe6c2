import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Wire, wires } from './letter.js';
import { type Target } from './notification.js';
import { PublishError } from './publish-error.js';
import { type Environment, webhookAddress } from './webhook-address.js';

/** What is not in the environment; also what a JSON file of settings holds. */
export interface PublisherSettings {
  /** Guildcast's address, such as `https://queue.example.org`. GUILDCAST_URL comes before it. */
  url?: string;
  /** A key of scope publish. GUILDCAST_KEY comes before it. */
  key?: string;
  /** Who gets what names no target. DISCORD_USER_ID comes before it. */
  userId?: string;
  /** The route that takes what names no target, where there is no userId. GUILDCAST_ROUTE comes before it. */
  route?: string;
  /** CODESPACE_NAME comes before it; `Desconocido` without either. */
  codespaceName?: string;
  /** `native`, or the older dialect `event-queue`. GUILDCAST_WIRE comes before it. */
  wire?: Wire;
  /** The folder of the spool, or false for none. GUILDCAST_SPOOL (a folder, or `off`) comes before it. */
  spool?: string | false;
  /** How many notifications, and how many bytes of them, the spool keeps at most: 10 000 and 64 MiB unless given. */
  spoolFiles?: number;
  spoolBytes?: number;
  /** `megacmd`: where backup errors go that neither Guildcast nor the spool can take. GUILDCAST_FALLBACK comes before it. */
  fallback?: 'megacmd';
  /** The address of that webhook. DISCORD_WEBHOOK_URL comes before it. */
  webhookUrl?: string;
  /** Milliseconds that one try may take: 10 000 unless given, 50 000 at most. */
  timeoutMs?: number;
  /** Milliseconds before the spool is tried again after a failure: 1000 at first, doubled up to 300 000, unless given. */
  retryBaseMs?: number;
  retryCapMs?: number;
}

export interface SpoolSettings {
  folder: string;
  files: number;
  bytes: number;
}

export interface ResolvedSettings {
  /** Without user, password and a slash at its end. */
  url?: string;
  key?: string;
  target?: Target;
  route?: string;
  codespaceName: string;
  wire: Wire;
  spool?: SpoolSettings;
  webhook?: URL;
  timeoutMs: number;
  retryBaseMs: number;
  retryCapMs: number;
}

const shapes: Readonly<Record<keyof PublisherSettings, 'text' | 'number' | 'text or false'>> = {
  url: 'text',
  key: 'text',
  userId: 'text',
  route: 'text',
  codespaceName: 'text',
  wire: 'text',
  spool: 'text or false',
  spoolFiles: 'number',
  spoolBytes: 'number',
  fallback: 'text',
  webhookUrl: 'text',
  timeoutMs: 'number',
  retryBaseMs: 'number',
  retryCapMs: 'number',
};

/**
 * The environment, then the settings (an object or the path of a JSON file), then defaults. An empty variable is none.
 * @throws PublishError `settings`, which names what is wrong and shows no value
 */
export function resolveSettings(given: PublisherSettings | string, environment: Environment): ResolvedSettings {
  const settings = checked(typeof given === 'string' ? readSettings(given) : given);
  const from = (name: string, setting: string | undefined) => trimmed(environment[name]) ?? trimmed(setting);
  const address = addressOf(from('GUILDCAST_URL', settings.url));
  const userId = from('DISCORD_USER_ID', settings.userId);
  if (userId !== undefined && !/^\d{5,20}$/.test(userId)) throw wrong('DISCORD_USER_ID must be 5 to 20 digits.');
  const key = from('GUILDCAST_KEY', settings.key) ?? address?.password;
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) throw wrong('GUILDCAST_KEY must be printable ASCII.');
  const { retryBaseMs = 1_000, retryCapMs = 300_000, timeoutMs = 10_000 } = settings;
  // The lock of the spool must not look abandoned while its holder waits for an answer.
  if (timeoutMs > 50_000) throw wrong('The setting timeoutMs must be 50000 at most.');
  return {
    url: address?.url,
    key,
    target: userId === undefined ? undefined : { userId },
    route: from('GUILDCAST_ROUTE', settings.route),
    codespaceName: from('CODESPACE_NAME', settings.codespaceName) ?? 'Desconocido',
    wire: oneOf(wires, from('GUILDCAST_WIRE', settings.wire) ?? 'native', 'GUILDCAST_WIRE'),
    spool: spoolOf(settings, environment),
    webhook: webhookOf(settings, environment),
    ...{ timeoutMs, retryBaseMs, retryCapMs },
  };
}

function readSettings(file: string): PublisherSettings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw wrong(`The settings cannot be read from ${file} (${code}).`);
  }
  try {
    return JSON.parse(text) as PublisherSettings;
  } catch {
    // What the parser says quotes the file, and with it perhaps the key.
    throw wrong(`${file} is not JSON.`);
  }
}

function checked(settings: PublisherSettings): PublisherSettings {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw wrong('The settings must be an object.');
  }
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(shapes, name)) throw wrong(`There is no setting "${name}".`);
    const shape = shapes[name as keyof PublisherSettings];
    const fits =
      shape === 'number'
        ? typeof value === 'number' && Number.isFinite(value) && value > 0
        : typeof value === 'string' || (shape === 'text or false' && value === false);
    if (!fits) throw wrong(`The setting ${name} must be ${shape === 'number' ? 'a number above 0' : `a ${shape}`}.`);
  }
  return settings;
}

function addressOf(text: string | undefined): { url: string; password?: string } | undefined {
  if (text === undefined) return undefined;
  const url = httpUrl(text, 'GUILDCAST_URL');
  const password = url.password === '' ? undefined : plain(url.password, 'GUILDCAST_URL');
  return { url: url.origin + url.pathname.replace(/\/+$/, ''), password };
}

function spoolOf({ spool, spoolFiles, spoolBytes }: PublisherSettings, environment: Environment) {
  const wanted = trimmed(environment.GUILDCAST_SPOOL) ?? spool;
  if (wanted === false || wanted === 'off') return undefined;
  const folder = path.resolve((wanted ?? '') === '' ? usualFolder(environment) : wanted!);
  return { folder, files: spoolFiles ?? 10_000, bytes: spoolBytes ?? 64 * 1024 * 1024 };
}

/** Where programs keep what must outlive a restart and concerns nobody else: never a folder that a reboot empties. */
function usualFolder(environment: Environment): string {
  const { XDG_STATE_HOME: state, LOCALAPPDATA: local } = environment;
  const home = trimmed(environment.HOME) ?? homedir();
  if (state !== undefined && path.isAbsolute(state)) return path.join(state, 'guildcast/spool');
  if (process.platform === 'win32' && trimmed(local) !== undefined) return path.join(local!, 'guildcast/spool');
  return path.join(home, '.local/state/guildcast/spool');
}

/** Only where it is asked for: DISCORD_WEBHOOK_URL is often the address of something else. */
function webhookOf({ fallback, webhookUrl }: PublisherSettings, environment: Environment): URL | undefined {
  const wanted = trimmed(environment.GUILDCAST_FALLBACK) ?? trimmed(fallback);
  if (wanted === undefined || wanted === 'off') return undefined;
  oneOf(['megacmd'], wanted, 'GUILDCAST_FALLBACK');
  const found = webhookAddress(environment, webhookUrl);
  if (found === undefined) throw wrong('GUILDCAST_FALLBACK is set, and no DISCORD_WEBHOOK_URL.');
  const url = httpUrl(found, 'DISCORD_WEBHOOK_URL');
  for (const part of [url.username, url.password]) plain(part, 'DISCORD_WEBHOOK_URL');
  return url;
}

function httpUrl(text: string, name: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw wrong(`${name} must be an http or https address.`);
  return url;
}

function plain(encoded: string, name: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw wrong(`The password in ${name} is not encoded as it must be.`);
  }
}

function oneOf<T extends string>(values: readonly T[], value: string, name: string): T {
  const found = values.find((known) => known === value);
  if (found === undefined) throw wrong(`${name} must be one of ${values.join(', ')}.`);
  return found;
}

function trimmed(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === '' ? undefined : text;
}

function wrong(message: string): PublishError {
  return new PublishError('settings', message);
}

import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Each costs a connection to the database. */
const mostSources = 20;
const longestName = 64;

/** Another queue of the `/discord/*` dialect. Only `name` may be shown: the rest may hold secrets. */
export interface RemoteSource {
  /** As the operator named it, or its host. */
  name: string;
  /** What its events are known by in our database: the name, or a fingerprint of the address without its password. */
  identity: string;
  /** Without userinfo and without a slash at its end. Its path may be a secret. */
  address: string;
  /** Of `/discord/*`: HTTP Basic, all that the dialect knows. */
  authorization?: string;
  /** The password alone, which is the key where the source is a Guildcast. */
  key?: string;
}

/** Faults are sentences without anything of the address: it may hold a password or a secret path. */
function readSource(entry: string): RemoteSource | string {
  const [, given, rest] = /^([A-Za-z0-9][\w.-]*)=(.*)$/s.exec(entry) ?? [];
  const text = (rest ?? entry).trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    return 'is not an http:// or https:// address, perhaps with a name in front (name=https://queue.example.org)';
  }
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) return 'must not hold a query or a fragment';
  if (given !== undefined && given.length > longestName) return `has a name of more than ${longestName} characters`;
  let user: string;
  let password: string;
  try {
    user = decodeURIComponent(url.username);
    password = decodeURIComponent(url.password);
  } catch {
    return 'has a user or a password that is not percent-encoded rightly';
  }
  const address = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  return {
    name: given ?? url.host,
    identity: given ?? `#${createHash('sha256').update(address).digest('hex').slice(0, 16)}`,
    address,
    ...(user + password !== '' && { authorization: `Basic ${basic}` }),
    ...(password !== '' && { key: password }),
  };
}

function readSources(text: string, context: z.RefinementCtx): RemoteSource[] {
  const fault = (message: string): void => context.addIssue({ code: 'custom', message });
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length > mostSources) fault(`names more than ${mostSources} queues`);
  const sources: RemoteSource[] = [];
  const names = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const source = readSource(entry);
    if (typeof source === 'string') {
      fault(`entry ${index + 1} ${source} (a comma in a password is written %2C)`);
    } else if (names.has(source.name.toLowerCase()) || sources.some(({ address }) => address === source.address)) {
      fault(`two entries are called ${source.name} or have its address; give each queue once, with a name of its own`);
    } else {
      names.add(source.name.toLowerCase());
      sources.push(source);
    }
  }
  return sources;
}

export const remoteSourcesConfig = z.object({
  /** Other queues of the `/discord/*` dialect, separated by commas: `[name=]http[s]://[user:password@]host[/path]`. */
  QUEUE_SOURCES: z.string().transform(readSources).default([]),
  /** Seconds between two polls of a source that had nothing more. */
  QUEUE_SOURCE_INTERVAL: z.coerce.number().int().min(1).max(3_600).default(30),
});
export type RemoteSourcesConfig = z.infer<typeof remoteSourcesConfig>;

export const REMOTE_SOURCES_CONFIG = Symbol('REMOTE_SOURCES_CONFIG');

/** A sentence when nobody could deliver what is taken from other queues: it would be kept from those who can. */
export function remoteSourcesFault(config: RemoteSourcesConfig, bot: { token: boolean }): string | undefined {
  if (config.QUEUE_SOURCES.length === 0 || bot.token) return undefined;
  return 'QUEUE_SOURCES: what is taken from other queues is delivered by the bot, which needs its token in DISCORD_TOKEN';
}

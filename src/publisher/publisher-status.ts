import { type Wire } from './letter.js';
import { type ResolvedSettings } from './publisher-settings.js';
import { type Spool } from './spool/spool.js';

/** How a publisher stands. Shows no secret. */
export interface PublisherStatus {
  /** Whether there are an address, a key and somebody to send to. */
  enabled: boolean;
  url: string | null;
  /** Whether there is one. */
  key: boolean;
  /** Its first digits, such as `80351110…`. */
  userId: string | null;
  route: string | null;
  codespaceName: string;
  wire: Wire;
  /** Where failed backups go that nobody else can take: scheme and host. */
  fallback: string | null;
  /** Null without a spool. */
  spool: {
    folder: string;
    waiting: number;
    bytes: number;
    rejected: number;
    /** ISO 8601: since when the oldest waits. */
    oldest: string | null;
  } | null;
  /** Why the last try of this publisher failed. */
  trouble: string | null;
}

export async function statusOf(
  settings: ResolvedSettings,
  enabled: boolean,
  { spool, trouble }: { spool?: Spool; trouble?: string },
): Promise<PublisherStatus> {
  const { url, key, target, route, codespaceName, wire, webhook } = settings;
  const count = spool && (await spool.count());
  return {
    enabled,
    url: url ?? null,
    key: key !== undefined,
    userId: target && 'userId' in target ? `${target.userId.slice(0, 8)}…` : null,
    route: route ?? null,
    codespaceName,
    wire,
    fallback: webhook ? webhook.origin : null,
    spool: spool && count ? { folder: spool.folder, ...count, oldest: count.oldest?.toISOString() ?? null } : null,
    trouble: trouble ?? null,
  };
}

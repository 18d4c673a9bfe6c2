import { type PresenceStatus, type WireActivity } from './wire.js';

type Fields = Record<string, unknown>;

export interface Identify {
  token: unknown;
  /** Undefined when it is not a set of intents. */
  intents?: number;
  /** Undefined when it is not a place among shards. */
  shard?: readonly [id: number, count: number];
  largeThreshold: number;
  presence?: BotPresence;
}

export interface BotPresence {
  status: PresenceStatus;
  activities: WireActivity[];
}

export interface MemberRequest {
  guildId: string;
  query?: string;
  userIds?: string[];
  limit: number;
  presences: boolean;
  nonce?: string;
}

/** What a client sent; undefined when it is no gateway payload. */
export function parseCommand(text: string): { op: number; d: unknown } | undefined {
  try {
    const payload = JSON.parse(text) as unknown;
    return isFields(payload) && typeof payload.op === 'number' ? { op: payload.op, d: payload.d } : undefined;
  } catch {
    return undefined;
  }
}

export function parseIdentify(d: unknown): Identify | undefined {
  if (!isFields(d)) return undefined;
  const threshold = Number(d.large_threshold ?? 50);
  return {
    token: d.token,
    intents: isNatural(d.intents) ? d.intents : undefined,
    shard: parseShard(d.shard),
    largeThreshold: Math.min(250, Math.max(50, Number.isInteger(threshold) ? threshold : 50)),
    presence: parsePresence(d.presence),
  };
}

export function parseResume(d: unknown): { token: unknown; sessionId: string; sequence: number } | undefined {
  if (!isFields(d) || typeof d.session_id !== 'string' || !isNatural(d.seq)) return undefined;
  return { token: d.token, sessionId: d.session_id, sequence: d.seq };
}

export function parsePresence(d: unknown): BotPresence | undefined {
  if (!isFields(d) || typeof d.status !== 'string') return undefined;
  // Everybody else sees an invisible user as offline.
  const shown = d.status === 'invisible' ? 'offline' : d.status;
  if (!['online', 'idle', 'dnd', 'offline'].includes(shown)) return undefined;
  const activities = Array.isArray(d.activities) ? (d.activities as WireActivity[]) : [];
  return { status: shown as PresenceStatus, activities };
}

export function parseMemberRequest(d: unknown): MemberRequest | undefined {
  if (!isFields(d)) return undefined;
  const guildId: unknown = Array.isArray(d.guild_id) ? d.guild_id[0] : d.guild_id;
  if (typeof guildId !== 'string' || !/^\d+$/.test(guildId)) return undefined;
  const userIds = d.user_ids === undefined ? undefined : [d.user_ids].flat().map(String);
  const query = typeof d.query === 'string' ? d.query : undefined;
  if (query === undefined && userIds === undefined) return undefined;
  const limit = isNatural(d.limit) ? d.limit : 0;
  // Discord leaves a nonce out that is longer than 32 bytes.
  const nonce = typeof d.nonce === 'string' && Buffer.byteLength(d.nonce) <= 32 ? d.nonce : undefined;
  return { guildId, query, userIds, limit, presences: d.presences === true, nonce };
}

function parseShard(shard: unknown): readonly [number, number] | undefined {
  if (shard === undefined) return [0, 1];
  if (!Array.isArray(shard)) return undefined;
  const [id, count] = shard as unknown[];
  return isNatural(id) && isNatural(count) && id < count ? [id, count] : undefined;
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { type Channel, channel } from '../domain/channel.js';
import { type Member } from '../domain/member.js';
import { activity, type Activity, platform, type Platform, statuses } from '../domain/presence.js';
import { defaultRoleColor } from '../domain/role-color.js';
import { door } from '../domain/guild.js';
import { isSnowflake } from '../domain/snowflake.js';
import { type SourceGuild, type SourceSnapshot } from '../domain/source-snapshot.js';

/** What was mended in an answer, and how often: `status: 3`. */
export type Repairs = Map<string, number>;

/** Code points of a name, as many as Discord allows a server name. */
const longestName = 100;
/** NUL, and halves of letters or what may be one. */
const oddLetters = /[\0\ud800-\udfff]/;
const longestUrl = 2_048;
/** As many roles as a Discord guild can have. */
const mostRoles = 250;
const mostActivities = 10;
/** As many channels as a Discord guild can have. */
const mostChannels = 500;
const unknownName = 'Unknown';
/** It stands in addresses. Letters and digits of any script, and dashes. */
const aliasShape = /^[\p{Letter}\p{Number}][\p{Letter}\p{Number}-]{0,31}$/u;
/** A day and a time: Date.parse would take far more for a time than what anybody means by one. */
const isoShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
/** Later years have five digits, which the wire's form of a time does not know. */
const lastTime = Date.UTC(9999, 11, 31);

/**
 * Makes sense of what a source says about a guild, or of what claims to be that. What is missing gets its default, what
 * is wrong is mended, and a member without a usable id is left out.
 * @throws Error when this is no snapshot at all, or one of more than `mostMembers`
 */
export function readSnapshot(
  raw: unknown,
  guildId: string,
  mostMembers: number,
): { snapshot: SourceSnapshot; repairs: Repairs } {
  if (!isObject(raw) || !isObject(raw.members))
    throw new Error('the answer is not a snapshot with a guild and members');
  const repairs: Repairs = new Map();
  const mend = (what: string): void => void repairs.set(what, (repairs.get(what) ?? 0) + 1);
  const guild = readGuild(raw.guild, mend);
  if (guild?.id !== guildId) throw new Error(`the answer is about another guild than ${guildId}`);
  const listed = Array.isArray(raw.members)
    ? raw.members.map((one: unknown): [string | undefined, unknown] => [undefined, one])
    : Object.entries(raw.members);
  if (listed.length > mostMembers) throw new Error(`the answer has more than ${mostMembers} members`);
  const members = new Map<string, Member>();
  for (const [key, one] of listed) {
    const member = readMember(one, key, mend);
    if (!member) mend('members without an id');
    else if (members.has(member.id)) mend('members told twice');
    else members.set(member.id, member);
  }
  const partial = Array.isArray(raw.partial) ? raw.partial.filter((part) => typeof part === 'string') : [];
  const channels = readChannels(raw.channels, mend);
  const snapshot = { guild, members: [...members.values()], ...(channels && { channels }), partial };
  return { snapshot: { ...snapshot, ...readAge(raw, mend) }, repairs };
}

/** Undefined where the source does not tell of channels. */
function readChannels(raw: unknown, mend: (what: string) => void): Channel[] | undefined {
  if (!Array.isArray(raw)) {
    if (isTold(raw)) mend('channels');
    return undefined;
  }
  const channels = new Map<string, Channel>();
  for (const one of raw as unknown[]) {
    const told = isObject(one) ? { id: readId(one.id), name: readName(one.name), kind: one.kind } : one;
    const { success, data } = channel.safeParse(told);
    if (!success || channels.has(data.id) || channels.size === mostChannels) mend('channels');
    else channels.set(data.id, data);
  }
  return [...channels.values()];
}

/** What the answer says of its own age. An age that we do not understand is none. */
function readAge(
  { stale, asOf }: Record<string, unknown>,
  mend: (what: string) => void,
): Pick<SourceSnapshot, 'stale' | 'asOf'> {
  const isStale = typeof stale === 'boolean' ? stale : undefined;
  if (isStale === undefined && isTold(stale)) mend('stale');
  const time = typeof asOf === 'string' && isoShape.test(asOf) ? readTime(asOf) : null;
  if (time === null && isTold(asOf)) mend('asOf');
  return { ...(isStale !== undefined && { stale: isStale }), ...(time !== null && { asOf: time }) };
}

function isTold(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Undefined without a usable id. */
export function readGuild(raw: unknown, mend: (what: string) => void): SourceGuild | undefined {
  const id = isObject(raw) ? readId(raw.id) : undefined;
  if (!isObject(raw) || id === undefined) return undefined;
  const name = readName(raw.name);
  if (name === undefined) mend('name of the guild');
  const suggested = isObject(raw.suggested) ? raw.suggested : {};
  const { alias, default: isDefault } = suggested;
  const wished = door.safeParse(suggested.door);
  const read = {
    ...(typeof alias === 'string' && aliasShape.test(alias) && { alias }),
    ...(typeof isDefault === 'boolean' && { default: isDefault }),
    ...(wished.success && { door: wished.data }),
  };
  return {
    id,
    name: name ?? unknownName,
    iconUrl: readUrl(raw.iconUrl),
    ...(Object.keys(read).length > 0 && { suggested: read }),
  };
}

function readMember(raw: unknown, key: string | undefined, mend: (what: string) => void): Member | undefined {
  if (!isObject(raw)) return undefined;
  // `uid` is what d-zone's servers have called it.
  const id = readId(raw.id ?? raw.uid ?? key);
  if (id === undefined) return undefined;
  const username = readName(raw.username);
  const displayName = readName(raw.displayName);
  if (username === undefined && displayName === undefined) mend('username');
  const status = readStatus(raw.status);
  if (status === undefined && raw.status !== undefined) mend('status');
  const roleColor = readColor(raw.roleColor);
  if (roleColor === undefined && raw.roleColor !== undefined) mend('roleColor');
  const platforms = readPlatforms(raw.platforms);
  return {
    id,
    username: username ?? displayName ?? unknownName,
    displayName: displayName ?? username ?? unknownName,
    avatarUrl: readUrl(raw.avatarUrl),
    bot: raw.bot === true,
    roleColor: roleColor ?? defaultRoleColor,
    roleIds: Array.isArray(raw.roleIds) ? raw.roleIds.filter(isSnowflake).slice(0, mostRoles) : [],
    status: status ?? 'offline',
    activities: Array.isArray(raw.activities) ? readActivities(raw.activities) : [],
    ...(platforms && { platforms }),
    voiceChannelId: readId(raw.voiceChannelId) ?? null,
    joinedAt: readTime(raw.joinedAt),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Databases and JSON like to make numbers of ids: good ones as long as no digit was lost. */
function readId(value: unknown): string | undefined {
  const text = typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : value;
  return isSnowflake(text) ? text : undefined;
}

function readName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const start = value.slice(0, longestName * 4);
  const name = (oddLetters.test(start) ? withoutOddLetters(start) : start).trim();
  if (name.length <= longestName) return name === '' ? undefined : name;
  return [...name].slice(0, longestName).join('');
}

/** Half a letter is none, and the database knows no NUL. */
function withoutOddLetters(text: string): string {
  return Buffer.from(text.replaceAll('\0', '')).toString();
}

function readUrl(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > longestUrl || !/^\s*https?:/i.test(value)) return null;
  return isUrl(value) ? value : null;
}

function isUrl(text: string): boolean {
  // Once it is compiled, Node 20's canParse misreads letters beyond ASCII: it says yes and no where it should not.
  if (/^[ -~]*$/.test(text)) return URL.canParse(text);
  try {
    return new URL(text).href !== '';
  } catch {
    return false;
  }
}

function readStatus(value: unknown): Member['status'] | undefined {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  return statuses.find((status) => status === text);
}

/** `#5865F2`, `#58f`, or the number that Discord has for it, where 0 is no colour. */
function readColor(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffff) {
    return value === 0 ? defaultRoleColor : `#${value.toString(16).padStart(6, '0')}`;
  }
  if (typeof value !== 'string') return undefined;
  const digits = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(value.trim())?.[1]?.toLowerCase();
  if (digits === undefined) return undefined;
  return `#${digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits}`;
}

function readActivities(values: readonly unknown[]): Activity[] {
  const read = values.slice(0, mostActivities).map((value) => activity.safeParse(value));
  return read.flatMap(({ success, data }) => (success ? [data] : []));
}

function readPlatforms(values: unknown): Platform[] | undefined {
  if (!Array.isArray(values)) return undefined;
  const read = platform.options.filter((name) => values.includes(name));
  return read.length > 0 ? read : undefined;
}

function readTime(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number' && !(value instanceof Date)) return null;
  const time = new Date(value);
  // Also what is no time at all.
  return Math.abs(time.getTime()) <= lastTime && time.getUTCFullYear() >= 0 ? time.toISOString() : null;
}

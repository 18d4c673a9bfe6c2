import { randomUUID } from 'node:crypto';
import { stamped } from './event-payloads.js';
import { deliveries, locales, type Notification, priorities, type Target } from './notification.js';
import { PublishError } from './publish-error.js';

/** native: `POST /api/v1/notifications` · event-queue: `POST /discord/events`, the dialect of older programs. */
export const wires = ['native', 'event-queue'] as const;
export type Wire = (typeof wires)[number];

/** A notification as it goes out, now or later, and however often: the same bytes under the same key are one. */
export interface Letter {
  readonly idempotencyKey: string;
  readonly wire: Wire;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a letter takes from the settings where the notification itself does not say it. */
export interface LetterDefaults {
  wire: Wire;
  target?: Target;
  route?: string;
  codespaceName: string;
}

/** Bytes of one letter's body. Guildcast's own bound on payloads, QUEUE_MAX_PAYLOAD_BYTES, is usually lower. */
export const largestBody = 1024 * 1024;

/** Users, and roles, that one notification may ring. */
const mostMentioned = 20;

/** Without spaces around it, which a header would lose: the key must be the same however it is sent. */
const keyShape = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

export function isKey(text: string): boolean {
  return keyShape.test(text);
}

const known: ReadonlySet<string> = new Set([
  ...['type', 'payload', 'message', 'target', 'route', 'guildId', 'delivery', 'priority', 'notBefore', 'expiresAt'],
  ...['collapseKey', 'groupKey', 'fallback', 'locale', 'mentions', 'idempotencyKey'],
]);

/** What the dialect has a word for. */
const sayable: ReadonlySet<string> = new Set(['type', 'payload', 'target', 'guildId', 'delivery', 'idempotencyKey']);

/**
 * Reads the notification to its end before anything waits, so that whoever gave it may change it afterwards. Whatever can
 * be seen to be wrong is refused here: what is spooled has nobody any more who would hear of it.
 * @throws PublishError `invalid`, or `not-configured` where nobody is named to send it to
 */
export function writeLetter(notification: Notification, defaults: LetterDefaults): Letter {
  const given = Object.entries(notification).filter(([, value]) => value !== undefined);
  for (const [name] of given) {
    if (!known.has(name)) throw invalid(`There is no option "${name}".`);
    if (defaults.wire === 'event-queue' && !sayable.has(name)) {
      throw invalid(`The wire event-queue has no word for "${name}": take the native one.`);
    }
  }
  const wanted = Object.fromEntries(given) as Notification;
  const idempotencyKey = wanted.idempotencyKey ?? randomUUID();
  check(keyShape, idempotencyKey, 'idempotencyKey', 'printable ASCII');
  const facts = defaults.wire === 'native' ? nativeFacts(wanted, defaults) : dialectFacts(wanted, defaults);
  const text = toJson(facts);
  if (Buffer.byteLength(text) > largestBody) throw invalid(`It is larger than ${largestBody} bytes.`);
  const body = JSON.parse(text) as Record<string, unknown>;
  return { idempotencyKey, wire: defaults.wire, body };
}

function nativeFacts(wanted: Notification, defaults: LetterDefaults): object {
  const { type, message } = wanted;
  if (type === undefined && message === undefined) throw invalid('It needs a type or a message.');
  if (type !== undefined) check(/^[\w.:-]{1,64}$/, type, 'type', '1 to 64 letters, digits, "_", ".", ":" or "-"');
  if (message !== undefined && !isObject(message)) throw invalid('message must be an object.');
  oneOf(priorities, wanted, 'priority');
  oneOf(deliveries, wanted, 'delivery');
  oneOf(locales, wanted, 'locale');
  checkGuild(wanted);
  for (const name of ['groupKey', 'collapseKey'] as const) {
    if (wanted[name] !== undefined)
      check(/^(?=.*\S)[^\p{Cc}\p{Cs}]{1,128}$/u, wanted[name], name, '1 to 128 characters');
  }
  if (wanted.fallback !== undefined) checkTarget(wanted.fallback, 'fallback');
  if (wanted.mentions !== undefined) checkMentions(wanted.mentions);
  const times = { notBefore: timeOf(wanted, 'notBefore'), expiresAt: timeOf(wanted, 'expiresAt') };
  // Both are in UTC by now, and sort as texts.
  if (times.notBefore && times.expiresAt && times.expiresAt <= times.notBefore) {
    throw invalid('expiresAt must be after notBefore.');
  }
  const payload = type === undefined && wanted.payload === undefined ? {} : { payload: payloadOf(wanted, defaults) };
  // The key goes into a header.
  return { ...wanted, ...destination(wanted, defaults), ...payload, ...times, idempotencyKey: undefined };
}

function dialectFacts(wanted: Notification, defaults: LetterDefaults): object {
  const { type, guildId, delivery } = wanted;
  check(/^(?=.*\S)\P{C}{1,64}$/u, type, 'type', '1 to 64 characters');
  oneOf(deliveries, wanted, 'delivery');
  checkGuild(wanted);
  const { target } = destination(wanted, defaults);
  if (target === undefined || !('userId' in target)) throw invalid('The wire event-queue reaches users alone.');
  const payload = payloadOf(wanted, defaults);
  return { user_id: target.userId, event_type: type, payload, guild_id: guildId, delivery };
}

function payloadOf({ payload = {} }: Notification, { codespaceName }: LetterDefaults): object {
  if (!isObject(payload)) throw invalid('payload must be a plain object.');
  return stamped(payload, codespaceName);
}

function destination({ target, route }: Notification, defaults: LetterDefaults): { target?: Target; route?: string } {
  if (target !== undefined && route !== undefined) throw invalid('Give a target or a route, not both.');
  if (target !== undefined) {
    checkTarget(target, 'target');
    return { target };
  }
  if (route !== undefined) {
    check(/\S/, route, 'route', 'the name of a route');
    return { route };
  }
  if (defaults.target !== undefined) return { target: defaults.target };
  if (defaults.route !== undefined) return { route: defaults.route };
  throw new PublishError('not-configured', 'Nobody is named to send it to: set DISCORD_USER_ID, or give a target.');
}

function checkTarget(target: unknown, name: string): void {
  const named = isObject(target) ? Object.entries(target).filter(([, value]) => value !== undefined) : [];
  const [kind, value] = named.length === 1 ? named[0]! : [];
  if (kind === 'userId' || kind === 'channelId') return check(/^\d{5,20}$/, value, `${name}.${kind}`, 'digits as text');
  // Not repeated in the refusal: it is a secret.
  if (kind === 'webhookUrl' && typeof value === 'string' && value !== '') return;
  throw invalid(`${name} must hold exactly one of userId, channelId and webhookUrl.`);
}

function checkMentions(mentions: unknown): void {
  const { users, roles, everyone, ...others } = (isObject(mentions) ? mentions : {}) as Record<string, unknown>;
  let named = everyone === true;
  for (const [name, ids = []] of Object.entries({ users, roles })) {
    if (!Array.isArray(ids) || ids.length > mostMentioned || new Set(ids).size < ids.length) {
      throw invalid(`mentions.${name} must be a list of up to ${mostMentioned} ids, nobody twice.`);
    }
    for (const id of ids as unknown[]) check(/^\d{5,20}$/, id, `mentions.${name}`, 'digits as texts');
    named ||= ids.length > 0;
  }
  if (!named || (everyone ?? true) !== true || Object.keys(others).length > 0) {
    throw invalid('mentions must name somebody as users, roles, or everyone, which is true.');
  }
}

function checkGuild({ guildId }: Notification): void {
  if (guildId !== undefined) check(/^\d{5,20}$/, guildId, 'guildId', 'digits as text');
}

function timeOf(wanted: Notification, name: 'notBefore' | 'expiresAt'): string | undefined {
  const value: unknown = wanted[name];
  if (value === undefined) return undefined;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  const withZone = typeof value === 'string' && /T.*(?:Z|[+-]\d\d:?\d\d)$/.test(value);
  if (withZone && !Number.isNaN(Date.parse(value))) return new Date(value).toISOString();
  throw invalid(`${name} must be a Date, or ISO 8601 with its zone.`);
}

function oneOf<K extends keyof Notification>(values: readonly string[], wanted: Notification, name: K): void {
  const value: unknown = wanted[name];
  if (value === undefined || (typeof value === 'string' && values.includes(value))) return;
  throw invalid(`${name} must be one of ${values.join(', ')}.`);
}

function check(shape: RegExp, value: unknown, name: string, wanted: string): void {
  if (typeof value !== 'string' || !shape.test(value)) throw invalid(`${name} must be ${wanted}.`);
}

function toJson(facts: object): string {
  try {
    return JSON.stringify(facts, (key, value: unknown) => {
      // JSON has no word for them, and null in their place would be a lie.
      if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(`${key} is not a finite number.`);
      return value;
    });
  } catch (error) {
    if (error instanceof PublishError) throw error;
    const why = error instanceof Error ? error.message.split('\n')[0] : 'it has no form in JSON';
    throw invalid(`It cannot be written as JSON: ${why}`);
  }
}

/** A plain one: of a Map, a Date or a list nothing would be left. */
function isObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function invalid(message: string): PublishError {
  return new PublishError('invalid', message);
}

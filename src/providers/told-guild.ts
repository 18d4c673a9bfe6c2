import { type Door, door } from '../domain/guild.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { type RawSnapshot } from './data-provider.js';
import { readGuild } from './read-snapshot.js';

export type Told = Readonly<Record<string, unknown>>;

export function isTold(value: unknown): value is Told {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list, or those of an object together with their keys. Anything else is left out. */
export function toldEntries(value: unknown): [key: string | undefined, entry: Told][] {
  const all: [string | undefined, unknown][] = Array.isArray(value)
    ? value.map((entry: unknown): [undefined, unknown] => [undefined, entry])
    : isTold(value)
      ? Object.entries(value)
      : [];
  return all.filter((entry): entry is [string | undefined, Told] => isTold(entry[1]));
}

/** A guild with `enabled: false` is one that its source does not show. */
export function isEnabled(guild: Told): boolean {
  return truth(guild.enabled) !== false;
}

/**
 * A guild as documents tell of it: `id`, `name`, `iconUrl`, `alias`, `default`, `door`, or the `passworded` that d-zone's
 * servers have said. `key` is its id where it has none of its own. Undefined without a usable id.
 */
export function toldGuild(guild: Told, key?: string): SourceGuild | undefined {
  const { id = key, name, iconUrl, alias } = guild;
  const suggested = { alias, default: truth(guild.default), door: doorOf(guild) };
  return readGuild({ id, name, iconUrl, suggested }, () => undefined);
}

/** Says that presences are missing where nobody's was told, instead of letting everybody look offline for real. */
export function toldSnapshot(guild: SourceGuild, members: object, partial: unknown): RawSnapshot {
  const parts = Array.isArray(partial) ? partial.filter((part) => typeof part === 'string') : [];
  const entries = toldEntries(members);
  if (entries.length > 0 && !entries.some(([, one]) => one.status !== undefined)) parts.push('presence');
  // Whatever the members are is looked through by whoever asked for the snapshot.
  return { guild, members: members as RawSnapshot['members'], partial: [...new Set(parts)] };
}

/** A word about a door that we do not understand shuts it: what was meant to be guarded must not stand open. */
function doorOf({ door: told, passworded }: Told): Door | undefined {
  if (told !== undefined && told !== null) return door.safeParse(told).data ?? 'password';
  if (passworded === undefined || passworded === null || truth(passworded) === false) return undefined;
  return 'password';
}

/** Databases like to say 0 and 1. */
function truth(value: unknown): boolean | undefined {
  if (value === true || value === 1 || value === 'true') return true;
  if (value === false || value === 0 || value === 'false') return false;
  return undefined;
}

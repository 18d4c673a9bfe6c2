import { z } from 'zod';
import { member } from '../../domain/member.js';
import { type JsonPointer, parsePointer } from './json-pointer.js';

/** Where in an answer the parts are. */
const parts = ['guilds', 'guild', 'members', 'partial', 'stale', 'asOf'] as const;
/** Parts that an answer may do without, wherever they are. */
export const sideParts = ['partial', 'stale', 'asOf'] as const;
export type SidePart = (typeof sideParts)[number];
/** What is told of a guild, seen from the guild. */
const guildFields = ['id', 'name', 'iconUrl', 'alias', 'default', 'door', 'passworded', 'enabled'] as const;
/** What is told of a member, seen from the member. */
const memberFields = Object.keys(member.shape);

/** What the operator said about an API whose answers have other names than ours. */
export interface FieldMap {
  parts: Partial<Record<(typeof parts)[number], JsonPointer>>;
  guild: Map<string, JsonPointer>;
  member: Map<string, JsonPointer>;
}

const allowed = [...parts, ...guildFields.map((name) => `guild.${name}`), ...memberFields];

/** `members=/data/users,id=/uid`: a comma ends a pointer only where another name and its `=` follow. */
export const fieldMap = z.string().transform((text, context): FieldMap => {
  const map: FieldMap = { parts: {}, guild: new Map(), member: new Map() };
  const fault = (message: string): void => context.addIssue({ code: 'custom', message });
  const seen = new Set<string>();
  for (const entry of text.split(/,(?=\s*[\w.]+\s*=)/)) {
    const [, name, path] = /^\s*([\w.]+)\s*=(.*)$/s.exec(entry) ?? [];
    const pointer = path === undefined ? undefined : parsePointer(path.trim());
    if (name === undefined || !allowed.includes(name)) {
      fault(`there is no field "${name ?? entry.trim()}"; choose from ${allowed.join(', ')}`);
    } else if (!pointer) {
      fault(`${name}: must be a JSON pointer such as /profile/nick`);
    } else if (seen.has(name)) {
      fault(`${name}: is said twice`);
    } else if (parts.includes(name as keyof FieldMap['parts'])) {
      map.parts[name as keyof FieldMap['parts']] = pointer;
    } else if (name.startsWith('guild.')) {
      map.guild.set(name.slice('guild.'.length), pointer);
    } else {
      map.member.set(name, pointer);
    }
    seen.add(name ?? '');
  }
  return map;
});

export const noFields: FieldMap = { parts: {}, guild: new Map(), member: new Map() };

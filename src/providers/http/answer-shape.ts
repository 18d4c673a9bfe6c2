import { isSnowflake } from '../../domain/snowflake.js';
import { type SourceGuild } from '../../domain/source-snapshot.js';
import { isEnabled, isTold, type Told, toldEntries, toldGuild } from '../told-guild.js';
import { type FieldMap, type SidePart, sideParts } from './field-map.js';
import { type JsonPointer, pointTo } from './json-pointer.js';

/**
 * Finds guilds and members in answers. Without a map it knows the answers of our own REST interface, lists, and what
 * d-zone's servers tell: guilds and members by their ids.
 */
export class AnswerShape {
  constructor(private readonly map: FieldMap) {}

  /**
   * `unusable` counts what has no id that could be one.
   * @throws Error when the answer has no guilds where they should be
   */
  guilds(answer: unknown): { guilds: SourceGuild[]; unusable: number } {
    const list = this.part('guilds', answer) ?? listIn(answer, ['guilds', 'servers']);
    if (typeof list !== 'object' || list === null) throw new Error('the answer is no list of guilds');
    const shown = toldEntries(list).filter(([, told]) => isEnabled(this.guildFields(told)));
    const guilds = new Map<string, SourceGuild>();
    let unusable = 0;
    for (const [key, told] of shown) {
      const guild = toldGuild(this.guildFields(told), key);
      if (!guild) unusable += 1;
      else if (!guilds.has(guild.id)) guilds.set(guild.id, guild);
    }
    return { guilds: [...guilds.values()], unusable };
  }

  /** What the answer about one guild says of the guild itself: undefined where it speaks of members alone. */
  guild(answer: unknown): Told | undefined {
    const told = this.part('guild', answer) ?? named(answer, ['guild', 'server']);
    return isTold(told) ? this.guildFields(told) : undefined;
  }

  /** @throws Error when the answer has no members where they should be */
  members(answer: unknown): object {
    const list = this.part('members', answer) ?? listIn(answer, ['members', 'users']);
    if (typeof list !== 'object' || list === null) {
      throw new Error('the answer has neither a list of members nor members by their ids');
    }
    if (this.map.member.size === 0) return list;
    const entries = Array.isArray(list)
      ? list.map((one): [undefined, unknown] => [undefined, one])
      : Object.entries(list);
    return entries.map(([key, one]: [string | undefined, unknown]) =>
      isTold(one) ? this.memberFields(one, key) : one,
    );
  }

  /** What an answer says of itself. Undefined where it says nothing; it may be anything. */
  aside(name: SidePart, answer: unknown): unknown {
    return this.part(name, answer) ?? (isTold(answer) ? answer[name] : undefined);
  }

  /** @throws Error when the operator said where it is, and it is not there */
  private part(name: keyof FieldMap['parts'], answer: unknown): unknown {
    const pointer = this.map.parts[name];
    if (pointer === undefined) return undefined;
    const found = pointTo(answer, pointer);
    if (found === undefined && !sideParts.some((side) => side === name)) {
      throw new Error(`the answer has nothing at the place that HTTP_SOURCE_FIELDS says for ${name}`);
    }
    return found;
  }

  private guildFields(told: Told): Told {
    return this.map.guild.size === 0 ? told : { ...told, ...pick(told, this.map.guild) };
  }

  private memberFields(told: Told, key: string | undefined): Told {
    return { ...told, id: told.id ?? told.uid ?? key, ...pick(told, this.map.member) };
  }
}

function pick(told: Told, fields: ReadonlyMap<string, JsonPointer>): Told {
  return Object.fromEntries([...fields].map(([name, pointer]) => [name, pointTo(told, pointer)]));
}

/** The part of an answer that has one of these names. */
function named(answer: unknown, names: string[]): unknown {
  const name = isTold(answer) ? names.find((one) => Object.hasOwn(answer, one)) : undefined;
  return name === undefined ? undefined : (answer as Told)[name];
}

/** Such a part, or else the answer itself, if it is a list or holds things by their ids. */
function listIn(answer: unknown, names: string[]): unknown {
  return named(answer, names) ?? (isTold(answer) && !isById(answer) ? undefined : answer);
}

/**
 * An object in which nothing has an id is something else, such as the text of an error: taking it for an empty guild
 * would show everybody as gone. Nothing at all by their ids is an answer.
 */
function isById(list: Told): boolean {
  const entries = Object.entries(list);
  return (
    entries.length === 0 ||
    entries.some(([key, one]) => isTold(one) && (isSnowflake(key) || 'id' in one || 'uid' in one))
  );
}

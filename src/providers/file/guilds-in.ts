import { type RawSnapshot } from '../data-provider.js';
import { isEnabled, isTold, type Told, toldGuild, toldSnapshot } from '../told-guild.js';

/**
 * The guilds of a document: one guild, a list of them, or guilds by their ids, the last two also under `guilds`.
 * @throws Error with one sentence when it is something else, or a guild is not whole
 */
export function guildsIn(document: unknown): Map<string, RawSnapshot> {
  const guilds = new Map<string, RawSnapshot>();
  for (const [key, told, place] of entriesOf(document)) {
    if (!isTold(told)) throw new Error(`guild ${place} is not an object with id, name and members`);
    if (!isEnabled(told)) continue;
    const guild = toldGuild(told, key);
    if (!guild) throw new Error(`guild ${place} has no usable id: 5 to 20 digits, in JSON between quotes`);
    if (guilds.has(guild.id)) throw new Error(`guild ${guild.id} is told twice`);
    const members = told.members ?? [];
    if (typeof members !== 'object')
      throw new Error(`the members of guild ${guild.id} are no list and not by their ids`);
    guilds.set(guild.id, toldSnapshot(guild, members, told.partial));
  }
  return guilds;
}

function entriesOf(document: unknown): [key: string | undefined, told: unknown, place: number | string][] {
  const list = isTold(document) && Object.hasOwn(document, 'guilds') ? (document.guilds ?? []) : document;
  if (Array.isArray(list)) return list.map((told: unknown, index) => [undefined, told, index + 1]);
  if (!isTold(list)) throw new Error('there are no guilds in it');
  if (list === document && isGuild(list)) return [[undefined, list, 1]];
  return Object.entries(list).map(([key, told]) => [key, told, key]);
}

function isGuild(told: Told): boolean {
  return Object.hasOwn(told, 'id') || Object.hasOwn(told, 'members');
}

import { type SourceGuild, type SourceSnapshot } from '../../domain/source-snapshot.js';
import { readGuild, readSnapshot, type Repairs } from '../read-snapshot.js';
import { ContractFault, inShort } from './contract.fault.js';

/** As many as Guildcast takes of one guild. */
const mostMembers = 250_000;

/** What to do about each thing that Guildcast would mend. */
const remedies: Readonly<Record<string, string>> = {
  'name of the guild': 'tell a name of 1 to 100 characters',
  'guilds without an id': 'tell an id of 5 to 20 digits, as text',
  'members without an id': 'tell an id of 5 to 20 digits, as text',
  'members told twice': 'tell each member once',
  channels: 'tell each channel once, as {id, name, kind}',
  username: 'tell a username or a displayName of 1 to 100 characters',
  status: 'tell online, idle, dnd or offline, or leave it out',
  roleColor: "tell #rrggbb or Discord's number, or leave it out",
  stale: 'tell true or false, or leave it out',
  asOf: 'tell a time as text, such as 2026-01-31T12:00:00Z, or leave it out',
};

/** Fields whose type is the one that clients get; others are taken in more than one. */
const plainFields = ['username', 'displayName', 'bot'];

type Told = Readonly<Record<string, unknown>>;

/** @throws ContractFault for a list that Guildcast would have to mend */
export function readList(told: unknown): SourceGuild[] {
  if (!Array.isArray(told)) throw new ContractFault(`listGuilds answered ${inShort(told)}: answer a list of guilds.`);
  const repairs: Repairs = new Map();
  const mend = (what: string): void => void repairs.set(what, (repairs.get(what) ?? 0) + 1);
  const guilds = (told as unknown[]).map((raw) => {
    const guild = readGuild(raw, mend);
    if (!guild) return void mend('guilds without an id');
    mustBeText((raw as Told).id, 'listGuilds: the id of a guild');
    mustKeepGuild('listGuilds', raw as Told, guild);
    return guild;
  });
  mustNeedNoRepair('listGuilds', repairs);
  const read = guilds.filter((guild) => guild !== undefined);
  const twice = read.find(({ id }, index) => read.findIndex((other) => other.id === id) < index);
  if (twice) throw new ContractFault(`listGuilds told guild ${twice.id} twice: tell each guild once.`);
  return read;
}

/** @throws ContractFault for an answer that Guildcast would have to mend, or could not take */
export function readAnswer(told: unknown, guildId: string): SourceSnapshot {
  const asked = `loadGuild("${guildId}")`;
  const read = readOrFail(told, guildId, asked);
  const { guild, members, partial } = told as { guild: Told; members: object; partial?: unknown };
  if (members instanceof Map || members instanceof Set)
    throw new ContractFault(`${asked}: members is a Map or a Set: answer a list, or a plain object by id.`);
  mustBeText(guild.id, `${asked}: the id of the guild`);
  mustNeedNoRepair(asked, read.repairs);
  mustKeepGuild(asked, guild, read.snapshot.guild);
  const known = new Map(read.snapshot.members.map((member) => [member.id, member]));
  for (const [key, one] of Object.entries(members) as [string, Told][]) {
    const id = one.id ?? one.uid ?? key;
    mustBeText(id, `${asked}: the id of a member`);
    const member = known.get(id);
    if (member) mustKeep(`${asked}: member ${id}`, one, member);
  }
  if (partial !== undefined) mustKeep(asked, { partial }, { partial: read.snapshot.partial });
  return read.snapshot;
}

function readOrFail(told: unknown, guildId: string, asked: string): ReturnType<typeof readSnapshot> {
  try {
    return readSnapshot(told, guildId, mostMembers);
  } catch (error) {
    const remedy = told === null ? 'answer undefined for a guild that it does not know' : 'answer {guild, members}';
    throw new ContractFault(`${asked} answered ${inShort(told)}: ${inShort(error)}; ${remedy}.`);
  }
}

function mustNeedNoRepair(asked: string, repairs: Repairs): void {
  if (repairs.size === 0) return;
  const list = [...repairs].map(([what, count]) => {
    const remedy = remedies[what];
    return `${what}, ${count} of them${remedy === undefined ? '' : ` (${remedy})`}`;
  });
  throw new ContractFault(`${asked}: Guildcast would have to mend or leave out ${list.join('; ')}.`);
}

function mustBeText(id: unknown, what: string): asserts id is string {
  if (typeof id === 'string') return;
  throw new ContractFault(`${what} is a ${typeof id}: ids are text, since numbers lose their last digits.`);
}

function mustKeepGuild(asked: string, told: Told, guild: SourceGuild): void {
  const { id, name, iconUrl, suggested } = guild;
  mustKeep(`${asked}: guild ${id}`, told, { name, iconUrl });
  if (told.suggested === undefined || told.suggested === null) return;
  const { alias, default: isDefault, door } = suggested ?? {};
  mustKeep(`${asked}: guild ${id}: suggested`, told.suggested as Told, { alias, default: isDefault, door });
}

/** What was told must be there after it was read: Guildcast leaves out without a word what makes no sense. */
function mustKeep(where: string, told: Told, read: object): void {
  for (const [field, kept] of Object.entries(read) as [string, unknown][]) {
    if (!isLost(field, told[field], kept)) continue;
    throw new ContractFault(
      `${where}: Guildcast would not take ${field} as it is, ${inShort(told[field])}: tell it as docs/providers.md says, or leave it out.`,
    );
  }
}

function isLost(field: string, told: unknown, kept: unknown): boolean {
  if (told === undefined || told === null) return false;
  if (kept === undefined || kept === null) return true;
  if (Array.isArray(kept)) return !Array.isArray(told) || told.length !== kept.length;
  return plainFields.includes(field) && typeof told !== typeof kept;
}

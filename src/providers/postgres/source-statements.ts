import { type Status, statuses } from '../../domain/presence.js';
import { saysYes } from './column-reading.js';
import { type LaidOutColumn, type SourceLayout } from './source-layout.js';

export interface Statement {
  text: string;
  values: unknown[];
}

/** One more than the chain takes of one guild, so that it can tell. */
const mostMembers = 250_001;
export const mostGuilds = 50_000;

/** A row for each guild that is shown: the guild's columns in the layout's order. */
export function listStatement({ guilds }: SourceLayout): Statement {
  const shown = shownOnly(guilds.columns.get('enabled'));
  const where = shown === undefined ? '' : ` where ${shown}`;
  return {
    text: `select ${expressions(guilds.columns)} from ${guilds.name}${where} limit ${mostGuilds + 1}`,
    values: [],
  };
}

/**
 * All of one guild, as it was at one moment: a row for each member, or one of nulls for a guild without any. Its
 * columns are whether there is a member, the member's, and the guild's, in the layout's order.
 */
export function loadStatement(
  { guilds, members }: SourceLayout,
  guildId: string,
  wanted: readonly Status[] | undefined,
): Statement {
  // The id twice: the two columns may be of different types, and an index helps only one's own.
  const values: unknown[] = [guildId, guildId];
  const ofGuild = [`${nameOf(guilds.columns.get('id'))} = $1`];
  const shown = shownOnly(guilds.columns.get('enabled'));
  if (shown !== undefined) ofGuild.push(shown);
  const ofMember = [`${nameOf(members.columns.get('guildId'))} = $2`];
  if (wanted) {
    const status = `lower(btrim(${nameOf(members.columns.get('status'))}::text))`;
    // Nothing and unknown words are read as offline.
    const offline = wanted.includes('offline');
    ofMember.push(offline ? `coalesce(${status}, '') <> all ($3::text[])` : `${status} = any ($3::text[])`);
    values.push(offline ? statuses.filter((one) => !wanted.includes(one)) : wanted);
  }
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`).join(', ');
  const text = `
    select m.*, g.* from
      (select ${expressions(guilds.columns)} from ${guilds.name}
       where ${ofGuild.join(' and ')} limit 1) g(${names('g', guilds.columns.size)})
    left join
      (select true, ${expressions(members.columns)} from ${members.name}
       where ${ofMember.join(' and ')} limit ${mostMembers}) m(${names('m', members.columns.size + 1)})
    on true`;
  return { text, values };
}

function shownOnly(enabled: LaidOutColumn | undefined): string | undefined {
  return enabled && saysYes(enabled.name);
}

function expressions(columns: ReadonlyMap<string, LaidOutColumn>): string {
  return [...columns.values()].map(({ expression }) => expression).join(', ');
}

function nameOf(column: LaidOutColumn | undefined): string {
  if (!column) throw new Error('the layout lacks a column that it must have');
  return column.name;
}

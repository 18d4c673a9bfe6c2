import { type ForeignDatabase } from '../../database/foreign-database.js';
import { type ColumnReading, readingOf } from './column-reading.js';
import { quoted } from './identifier.js';
import { type PostgresSettings } from './postgres-settings.js';
import { type Field, type GuildField, guildFields, type MemberField, memberFields } from './source-fields.js';

export interface LaidOutColumn extends ColumnReading {
  /** Quoted. */
  name: string;
  /** Postgres's name of the type, such as `int8`. */
  type: string;
}

export interface TableLayout<F extends string> {
  /** Quoted. */
  name: string;
  /** Those that are there, of those that can be read. */
  columns: ReadonlyMap<F, LaidOutColumn>;
}

/** The operator's two tables as they are. */
export interface SourceLayout {
  guilds: TableLayout<GuildField>;
  members: TableLayout<MemberField>;
}

interface Found {
  type: string;
  category: string;
  readable: boolean;
}

// Views, materialised ones and foreign tables count as well. A domain is what it is made of.
const lookUp = `
  select wanted.n, a.attname, coalesce(base.typname, t.typname), t.typcategory,
         has_column_privilege(a.attrelid, a.attnum, 'select')
  from unnest($1::text[]) with ordinality as wanted(name, n)
  join pg_attribute a on a.attrelid = to_regclass(wanted.name) and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_type base on base.oid = t.typbasetype`;

/**
 * Looks at the tables that the settings name. A usual column may be missing; one that the operator named, or that
 * nothing works without, may not.
 * @throws Error in one sentence
 */
export async function readLayout(
  database: ForeignDatabase,
  settings: PostgresSettings,
  signal?: AbortSignal,
): Promise<SourceLayout> {
  const { POSTGRES_SOURCE_GUILDS: guilds, POSTGRES_SOURCE_MEMBERS: members } = settings;
  const found = [new Map<string, Found>(), new Map<string, Found>()];
  const rows = await database.query(lookUp, [[quoted(guilds), quoted(members)]], signal);
  for (const [n, name, type, category, readable] of rows as [string, string, string, string, boolean][]) {
    found[Number(n) - 1]?.set(name, { type, category, readable });
  }
  const named = settings.POSTGRES_SOURCE_COLUMNS ?? new Map<string, string>();
  const [ofGuilds, ofMembers] = found;
  const layout = {
    guilds: layOut(
      { table: guilds, setting: 'POSTGRES_SOURCE_GUILDS', prefix: 'guild.' },
      guildFields,
      ofGuilds,
      named,
    ),
    members: layOut({ table: members, setting: 'POSTGRES_SOURCE_MEMBERS', prefix: '' }, memberFields, ofMembers, named),
  };
  if (settings.POSTGRES_SOURCE_STATUSES && !layout.members.columns.has('status')) {
    throw new Error(`the table ${members} has no column with a status, which POSTGRES_SOURCE_STATUSES asks for`);
  }
  return layout;
}

function layOut<F extends string>(
  { table, setting, prefix }: { table: string; setting: string; prefix: string },
  fields: Record<F, Field>,
  found: ReadonlyMap<string, Found> | undefined,
  named: ReadonlyMap<string, string>,
): TableLayout<F> {
  if (!found?.size) throw new Error(`there is no table ${table} (see ${setting})`);
  const columns = new Map<F, LaidOutColumn>();
  for (const [field, { kind, column: usual, required, guards }] of Object.entries<Field>(fields)) {
    const wish = named.get(prefix + field);
    const column = wish ?? usual;
    const is = found.get(column);
    if (is?.readable) {
      const name = quoted(column);
      columns.set(field as F, { name, type: is.type, ...readingOf(kind, name, is.category) });
    } else if (required || wish !== undefined || (is && guards)) {
      const fault = is
        ? `the column ${column} of the table ${table} may not be read`
        : `the table ${table} has no column ${column}`;
      throw new Error(`${fault} (see POSTGRES_SOURCE_COLUMNS)`);
    }
  }
  return { name: quoted(table), columns };
}

const largest = new Map([
  ['int2', 2n ** 15n - 1n],
  ['int4', 2n ** 31n - 1n],
  ['int8', 2n ** 63n - 1n],
]);

/** Whether the tables could know this guild at all: Postgres calls it a fault to ask for a number beyond a column's. */
export function canHold({ guilds, members }: SourceLayout, guildId: string): boolean {
  const types = [guilds.columns.get('id')?.type, members.columns.get('guildId')?.type];
  return types.every((type = '') => BigInt(guildId) <= (largest.get(type) ?? BigInt(guildId)));
}

/** How a column is read: as text, whatever its type, so that no digit of an id is lost; then in our own words. */
export interface ColumnReading {
  /** SQL that makes text of the column. */
  expression: string;
  decode: (text: string) => unknown;
}

/** Characters read of one value: what is longer is no value of ours, and a room full of such must not fill memory. */
const longestId = 32;
const longestText = 4_096;
const longestList = 16_384;

const yes = new Set(['true', 't', 'yes', 'y', 'on', '1']);
const no = new Set(['false', 'f', 'no', 'n', 'off', '0', '']);
const word = (text: string): string => text.trim().toLowerCase();

/** SQL for a condition: whether a column of whatever type says yes. */
export function saysYes(column: string): string {
  return `lower(btrim(${column}::text)) in (${[...yes].map((one) => `'${one}'`).join(', ')})`;
}

/** What Postgres calls the category of a type: `N` are numbers, `D` dates and times. */
type Category = string;

const readings = {
  id: (column: string): ColumnReading => ({ expression: start(column, longestId), decode: (text) => text }),
  text: (column: string): ColumnReading => ({ expression: start(column, longestText), decode: (text) => text }),
  flag: (column: string): ColumnReading => ({
    expression: start(column, longestText),
    decode: (text) => yes.has(word(text)),
  }),
  /** Unclear words count as yes: what they guard stays guarded. */
  guard: (column: string): ColumnReading => ({
    expression: start(column, longestText),
    decode: (text) => !no.has(word(text)),
  }),
  /** Discord's number, or text such as `#5865f2`. */
  color: (column: string, category: Category): ColumnReading => ({
    expression: start(column, longestText),
    decode: category === 'N' ? Number : (text) => text,
  }),
  /** Without a zone it is UTC; a number is milliseconds since 1970. */
  time: (column: string, category: Category): ColumnReading =>
    category === 'D'
      ? { expression: `extract(epoch from ${column})::text`, decode: (text) => Number(text) * 1_000 }
      : { expression: start(column, longestText), decode: category === 'N' ? Number : (text) => text },
  /** An array, JSON, or ids with anything between them. */
  ids: (column: string): ColumnReading => ({
    expression: start(column, longestList),
    decode: (text) => text.match(/\d+/g) ?? [],
  }),
  json: (column: string): ColumnReading => ({ expression: start(column, longestList), decode: parsed }),
} as const;

export type ReadingKind = keyof typeof readings;

export function readingOf(kind: ReadingKind, column: string, category: string): ColumnReading {
  return readings[kind](column, category);
}

function start(column: string, length: number): string {
  return `left(${column}::text, ${length})`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

import { isDeepStrictEqual } from 'node:util';

type Fields = Readonly<Record<string, unknown>>;

/** What Discord takes for granted where a command or an option does not say it. */
const usual: Fields = {
  type: 1,
  description: '',
  name_localizations: {},
  description_localizations: {},
  default_member_permissions: null,
  nsfw: false,
  contexts: null,
  integration_types: [0],
  required: false,
  autocomplete: false,
  choices: [],
  options: [],
  channel_types: [],
  min_value: null,
  max_value: null,
  min_length: null,
  max_length: null,
};
const unordered = new Set(['contexts', 'integration_types', 'channel_types']);

/** Whether two sets of commands are the same to Discord. The order of commands, and what Discord adds, count nothing. */
export function sameCommands(one: readonly unknown[], other: readonly unknown[]): boolean {
  return isDeepStrictEqual(canonical(one), canonical(other));
}

function canonical(commands: readonly unknown[]): unknown[] {
  const forms = commands.map((command) => form(command, { ...usual, name: '' }));
  return forms.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function key(command: Fields): string {
  return `${String(command.type)} ${String(command.name)}`;
}

function form(value: unknown, defaults: Fields): Fields {
  const fields: Fields = typeof value === 'object' && value !== null ? (value as Fields) : {};
  return Object.fromEntries(
    Object.entries(defaults).map(([name, standard]) => {
      const given = fields[name] ?? standard;
      return [name, name === 'options' || name === 'choices' ? list(given) : plain(name, given)];
    }),
  );
}

function list(value: unknown): Fields[] {
  // `value` is that of a choice.
  return Array.isArray(value) ? value.map((entry) => form(entry, { ...usual, name: '', value: null })) : [];
}

function plain(name: string, value: unknown): unknown {
  return unordered.has(name) && Array.isArray(value) ? [...(value as number[])].sort((a, b) => a - b) : value;
}

import { type FormFault, invalidForm } from './api-error.js';
import { type Snowflakes } from './snowflakes.js';

type Fields = Record<string, unknown>;

/** An option of a command, or a word of it, with what Discord adds. */
export interface CommandOption {
  type: number;
  name: string;
  required?: boolean;
  options?: CommandOption[];
  [field: string]: unknown;
}

/** A command as Discord keeps it. */
export interface RegisteredCommand extends CommandOption {
  id: string;
  /** Another one whenever the command changes. */
  version: string;
  /** Permission bits as decimal text; null = everybody. */
  default_member_permissions: string | null;
  /** 0 guilds, 1 direct messages of the bot, 2 other direct messages; null = wherever it can be. */
  contexts: number[] | null;
}

interface Home {
  applicationId: string;
  guildId?: string;
  snowflakes: Snowflakes;
}

const locales = new Set(
  'id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja zh-TW ko'.split(
    ' ',
  ),
);
const nameShape = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
/** Characters of a command with all that belongs to it, in its longest language. */
const longestCommand = 8_000;
const subcommandTypes = [1, 2];

/** The commands that take the place of `former`; throws 50035 with everything that is wrong. */
export function registered(body: unknown, former: readonly RegisteredCommand[], home: Home): RegisteredCommand[] {
  const faults: FormFault[] = [];
  const blame = (path: string, code: string, message: string): void => void faults.push({ path, code, message });
  if (!Array.isArray(body)) {
    throw invalidForm([
      { path: 'commands', code: 'LIST_TYPE_CONVERT', message: 'Only iterables may be used in a ListType' },
    ]);
  }
  const commands = (body as unknown[]).map(fieldsOf);
  commands.forEach((command, n) => inspectCommand(command, String(n), blame));
  if (commands.length > 100) blame('commands', 'APPLICATION_COMMANDS_MAX', 'Maximum number of commands reached (100).');
  if (new Set(commands.map(({ type = 1, name }) => `${String(type)} ${String(name)}`)).size < commands.length) {
    blame('commands', 'APPLICATION_COMMANDS_DUPLICATE_NAME', 'Application command names must be unique');
  }
  if (faults.length > 0) throw invalidForm(faults);
  return commands.map((command) => kept(command, former, home));
}

function kept(command: Fields, former: readonly RegisteredCommand[], home: Home): RegisteredCommand {
  const type = typeof command.type === 'number' ? command.type : 1;
  // A command keeps its id as long as it keeps its name.
  const before = former.find((one) => one.type === type && one.name === command.name);
  return {
    ...command,
    type,
    name: String(command.name),
    id: before?.id ?? home.snowflakes.next(),
    application_id: home.applicationId,
    ...(home.guildId === undefined ? {} : { guild_id: home.guildId }),
    version: home.snowflakes.next(),
    description: command.description ?? '',
    default_member_permissions: (command.default_member_permissions ?? null) as string | null,
    dm_permission: true,
    contexts: (command.contexts ?? null) as number[] | null,
    integration_types: command.integration_types ?? [0],
    nsfw: command.nsfw ?? false,
    ...(Array.isArray(command.options) && { options: command.options.map(keptOption) }),
  };
}

/** Discord leaves out what says nothing. */
function keptOption(option: unknown): CommandOption {
  const { required, options, ...rest } = fieldsOf(option);
  return {
    ...(rest as unknown as CommandOption),
    ...(required === true && { required }),
    ...(Array.isArray(options) && options.length > 0 && { options: options.map(keptOption) }),
  };
}

type Blame = (path: string, code: string, message: string) => void;

function inspectCommand(command: Fields, path: string, blame: Blame): void {
  inspectWords(command, path, blame, (command.type ?? 1) === 1);
  const permissions = command.default_member_permissions ?? null;
  if (permissions !== null && !/^\d+$/.test(typeof permissions === 'string' ? permissions : '')) {
    blame(`${path}.default_member_permissions`, 'NUMBER_TYPE_COERCE', 'Value is not int.');
  }
  inspectOptions(command.options, path, blame);
  if (charactersOf(command) > longestCommand) {
    blame(path, 'APPLICATION_COMMAND_TOO_LARGE', `Command exceeds maximum size (${longestCommand})`);
  }
}

function inspectOptions(value: unknown, path: string, blame: Blame): void {
  const options = Array.isArray(value) ? value.map(fieldsOf) : [];
  if (options.length > 25) blame(`${path}.options`, 'BASE_TYPE_MAX_LENGTH', 'Must be 25 or fewer in length.');
  let optional = false;
  options.forEach((option, n) => {
    const at = `${path}.options.${n}`;
    inspectWords(option, at, blame, true);
    if (!Number.isInteger(option.type)) blame(`${at}.type`, 'BASE_TYPE_REQUIRED', 'This field is required');
    if (option.required === true && optional) {
      blame(at, 'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID', 'Required options must be placed before non-required');
    }
    optional ||= option.required !== true && !subcommandTypes.includes(Number(option.type));
    const choices = Array.isArray(option.choices) ? option.choices.map(fieldsOf) : [];
    if (choices.length > 25) blame(`${at}.choices`, 'BASE_TYPE_MAX_LENGTH', 'Must be 25 or fewer in length.');
    choices.forEach(({ name }, m) => inspectText(name, `${at}.choices.${m}.name`, blame, 100));
    inspectOptions(option.options, at, blame);
  });
  if (new Set(options.map(({ name }) => name)).size < options.length) {
    blame(`${path}.options`, 'APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED', 'Option names must be unique');
  }
}

function inspectWords(fields: Fields, path: string, blame: Blame, described: boolean): void {
  for (const [locale, name] of [['', fields.name] as const, ...Object.entries(fieldsOf(fields.name_localizations))]) {
    const at = locale === '' ? `${path}.name` : `${path}.name_localizations.${locale}`;
    if (locale !== '' && !locales.has(locale)) blame(at, 'BASE_TYPE_CHOICES', 'Value is not a locale.');
    if (typeof name !== 'string' || name === '')
      blame(at, 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 32 in length.');
    else if (described && (!nameShape.test(name) || name !== name.toLowerCase())) {
      blame(at, 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid');
    }
  }
  if (!described) return;
  inspectText(fields.description, `${path}.description`, blame, 100);
  for (const [locale, text] of Object.entries(fieldsOf(fields.description_localizations))) {
    const at = `${path}.description_localizations.${locale}`;
    if (!locales.has(locale)) blame(at, 'BASE_TYPE_CHOICES', 'Value is not a locale.');
    inspectText(text, at, blame, 100);
  }
}

function inspectText(value: unknown, path: string, blame: Blame, longest: number): void {
  if (typeof value === 'string' && value.length >= 1 && value.length <= longest) return;
  blame(path, 'BASE_TYPE_BAD_LENGTH', `Must be between 1 and ${longest} in length.`);
}

function charactersOf(fields: Fields): number {
  const longest = (text: unknown, others: unknown): number =>
    Math.max(...[text, ...Object.values(fieldsOf(others))].map((one) => (typeof one === 'string' ? one.length : 0)));
  const within = [fields.options, fields.choices].flatMap((list) => (Array.isArray(list) ? list.map(fieldsOf) : []));
  return (
    longest(fields.name, fields.name_localizations) +
    longest(fields.description, fields.description_localizations) +
    (typeof fields.value === 'string' ? fields.value.length : 0) +
    within.reduce((sum, one) => sum + charactersOf(one), 0)
  );
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

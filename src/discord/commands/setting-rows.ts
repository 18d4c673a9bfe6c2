import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord.js';
import { type Door } from '../../domain/guild.js';
import { type GuildSettings } from '../../guilds/guild-settings.entity.js';
import { type GuildSettingsPatch } from '../../guilds/guild-settings.js';
import { choice, labelled, type Language, type Words } from './command-words.js';

type OptionValue = string | number | boolean;
type Key = keyof GuildSettingsPatch;

/** A setting of a guild as the commands know it. */
export interface SettingRow {
  readonly key: Key;
  readonly name: Words;
  readonly option: APIApplicationCommandBasicOption;
  /** What is possible, for those who gave something else. */
  readonly rule: Words;
  /** For the store, which checks it. */
  readonly read: (value: OptionValue) => unknown;
  /** `settings`: undefined when nothing was decided yet. */
  readonly show: (settings: GuildSettings | undefined, language: Language) => string;
}

/** Gives the choice back to the data source: no alias and no name of a door. */
const nothing = '-';
const longestList = 1_000;
/** What stands between the ids of mentions such as `<@1>, <@&2> <#3>`. */
const mentionMarks = /[\s,<>@&#!]+/;
const bySource: Words = { en: 'as the source says', es: 'como dice la fuente' };
const yes: Words = { en: 'yes', es: 'sí' };
const no: Words = { en: 'no', es: 'no' };

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Yes or no. `usual` is what holds where nothing was decided. */
function flag(key: Key, name: Words, description: Words, usual: boolean): SettingRow {
  return {
    key,
    name,
    option: { type: ApplicationCommandOptionType.Boolean, ...labelled(name, description) },
    rule: { en: 'yes or no', es: 'sí o no' },
    read: (value) => value,
    show: (settings, language) => ((settings?.[key] ?? usual) === true ? yes : no)[language],
  };
}

/** A word that the source suggests one for; `-` takes it back. */
function word(key: Key, name: Words, description: Words, rule: Words, longest: number): SettingRow {
  const bounds = { min_length: 1, max_length: longest };
  return {
    key,
    name,
    option: { type: ApplicationCommandOptionType.String, ...labelled(name, description), ...bounds },
    rule,
    read: (value) => (value === nothing ? null : value),
    show: (settings, language) => textOf(settings?.[key]) ?? bySource[language],
  };
}

/** One of a few values, for which the source suggests one too. */
function oneOf(key: Key, name: Words, description: Words, values: Readonly<Record<string, Words>>): SettingRow {
  const choices = [...Object.entries(values), [nothing, bySource] as const].map(([value, words]) =>
    choice(words, value),
  );
  const list = (language: Language): string =>
    choices.map(({ value }) => values[value]?.[language] ?? value).join(', ');
  return {
    key,
    name,
    option: { type: ApplicationCommandOptionType.String, ...labelled(name, description), choices },
    rule: { en: list('en'), es: list('es') },
    read: (value) => (value === nothing ? null : value),
    show: (settings, language) => {
      const value = textOf(settings?.[key]);
      return value === undefined ? bySource[language] : (values[value]?.[language] ?? value);
    },
  };
}

/**
 * Ids of users, roles or channels, out of a text that mentions them; `-` is for none of them, which is `none.value` to the
 * store.
 */
export function idList(
  key: Key,
  name: Words,
  description: Words,
  none: { value: null | readonly string[]; words: Words },
): SettingRow {
  const bounds = { min_length: 1, max_length: longestList };
  return {
    key,
    name,
    option: { type: ApplicationCommandOptionType.String, ...labelled(name, description), ...bounds },
    rule: { en: 'mentions or ids, or -', es: 'menciones o ids, o -' },
    read: (value) => (value === nothing ? none.value : String(value).split(mentionMarks).filter(Boolean)),
    show: (settings, language) => {
      const ids: unknown = settings?.[key];
      return Array.isArray(ids) && ids.length > 0 ? ids.join(', ') : none.words[language];
    },
  };
}

const doors: Record<Door, Words> = {
  open: { en: 'open', es: 'abierta' },
  password: { en: 'password', es: 'contraseña' },
  discord: { en: 'members of the server', es: 'miembros del servidor' },
};

/** What `/guildcast settings` shows and changes: one line for each setting. */
export const settingRows: readonly SettingRow[] = [
  flag(
    'enabled',
    { en: 'shown', es: 'visible' },
    { en: 'Whether this server is shown on the web', es: 'Si este servidor se muestra en la web' },
    true,
  ),
  word(
    'alias',
    { en: 'alias', es: 'alias' },
    {
      en: 'Its short name in addresses; - for the usual one',
      es: 'Su nombre corto en las direcciones; - para el habitual',
    },
    { en: '1 to 32 letters, digits and inner dashes, or -', es: '1 a 32 letras, cifras y guiones interiores, o -' },
    32,
  ),
  flag(
    'isDefault',
    { en: 'default', es: 'principal' },
    {
      en: 'Whether visitors who name no server get this one',
      es: 'Si lo reciben los visitantes que no nombran ninguno',
    },
    false,
  ),
  oneOf(
    'door',
    { en: 'door', es: 'puerta' },
    { en: 'Who may enter its room', es: 'Quién puede entrar en su sala' },
    doors,
  ),
];

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
/** Ids of one list in an answer, which has room for 2000 characters. */
const mostShown = 15;
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
function idList(
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
      if (!Array.isArray(ids) || ids.length === 0) return none.words[language];
      const more = ids.length - mostShown;
      return [...ids.slice(0, mostShown).map(String), ...(more > 0 ? [`+${more}`] : [])].join(', ');
    },
  };
}

const nobody = { value: [], words: { en: 'nobody', es: 'nadie' } };

const doors: Record<Door, Words> = {
  open: { en: 'open', es: 'abierta' },
  password: { en: 'password', es: 'contraseña' },
  discord: { en: 'members of the server', es: 'miembros del servidor' },
};

/**
 * What `/guildcast settings` shows and changes: one line for each setting of one guild alone. Which guild is the default
 * one concerns all of them, and is the operator's to say.
 */
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
  oneOf(
    'door',
    { en: 'door', es: 'puerta' },
    { en: 'Who may enter its room', es: 'Quién puede entrar en su sala' },
    doors,
  ),
  flag(
    'hideOffline',
    { en: 'hide-offline', es: 'ocultar-desconectados' },
    { en: 'Whether offline members are left out', es: 'Si se omiten los miembros desconectados' },
    false,
  ),
  flag(
    'hideBots',
    { en: 'hide-bots', es: 'ocultar-bots' },
    { en: 'Whether bots are left out', es: 'Si se omiten los bots' },
    false,
  ),
  idList(
    'ignoredUsers',
    { en: 'ignored-users', es: 'usuarios-ignorados' },
    { en: 'Members who are left out; - for none', es: 'Miembros que se omiten; - para ninguno' },
    nobody,
  ),
  idList(
    'ignoredRoles',
    { en: 'ignored-roles', es: 'roles-ignorados' },
    { en: 'Whoever has one of these roles is left out; - for none', es: 'Se omite a quien tenga uno; - para ninguno' },
    nobody,
  ),
  flag(
    'messages',
    { en: 'messages', es: 'mensajes' },
    { en: 'Whether messages are shown', es: 'Si se muestran los mensajes' },
    true,
  ),
  idList(
    'channels',
    { en: 'channels', es: 'canales' },
    {
      en: 'The channels whose messages are shown, private ones too; - for all that everybody can read',
      es: 'Canales cuyos mensajes se muestran, también privados; - para todos los que cualquiera puede leer',
    },
    { value: null, words: { en: 'all that everybody can read', es: 'todos los que cualquiera puede leer' } },
  ),
];

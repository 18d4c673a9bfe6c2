/** The languages that the bot speaks. */
export type Language = 'en' | 'es';

/** The same in each of them. */
export type Words = Readonly<Record<Language, string>>;

/** Discord's names for the variants of Spanish. */
const spanish = ['es-ES', 'es-419'] as const;

/** Of a locale as Discord names it, such as `es-419`; English for all that the bot does not speak. */
export function languageOf(locale: string): Language {
  return (spanish as readonly string[]).includes(locale) ? 'es' : 'en';
}

type Localised<K extends string> = Record<K, string> & Record<`${K}_localizations`, Record<string, string>>;

function localised<K extends string>(key: K, { en, es }: Words): Localised<K> {
  const others = Object.fromEntries(spanish.map((locale) => [locale, es]));
  return { [key]: en, [`${key}_localizations`]: others } as Localised<K>;
}

/** Name and description of a command or an option, as Discord registers them. */
export function labelled(name: Words, description: Words): Localised<'name'> & Localised<'description'> {
  return { ...localised('name', name), ...localised('description', description) };
}

/** One of the values that an option may have. */
export function choice(name: Words, value: string): Localised<'name'> & { value: string } {
  return { ...localised('name', name), value };
}

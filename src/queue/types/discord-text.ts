import { cut, limits } from '../../discord/embed-limits.js';

/**
 * Text in a code block. Three backticks in the text would end the block and let the rest act as markup: an invisible
 * space goes between them. Who sends cuts what is too long, and closes the block again. `language` colours it.
 */
export function codeBlock(text: string, language = ''): string {
  return '```' + language + '\n' + text.replace(/`{3,}/g, (run) => [...run].join('\u200b')) + '\n```';
}

/** A field's value as code within a line. Nothing can escape a backtick there: one that looks alike takes its place. */
export function inlineCode(text: string): string {
  return '`' + cut(text.replaceAll('`', 'ˋ').replace(/\s+/g, ' '), limits.fieldValue - 2) + '`';
}

/** `exit_code` becomes `Exit Code`. */
export function titleCase(key: string): string {
  return key
    .replace(/[_.:-]+/g, ' ')
    .trim()
    .replace(/\p{L}+/gu, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());
}

/**
 * Text in which no character is markup. The plain part of an address stays as it is: Discord takes a backslash there for
 * a part of the address.
 */
export function escapeMarkdown(text: string): string {
  return text
    .split(/(https?:\/\/[\w./?=&%+:;,#-]+)/)
    .map((part, place) => (place % 2 === 1 ? part : part.replace(/[\\*_~`|>#[\]()<@-]/g, '\\$&')))
    .join('');
}

import { type Context, filters as libraryFilters } from 'liquidjs';
import { codeBlock, escapeMarkdown, inlineCode, titleCase } from '../types/discord-text.js';
import { textOf } from './bounded-text.js';
import { RenderBudget } from './render-budget.js';

/** `this` is what the library says of where the filter stands. */
type Filter = (this: { context: Context }, value: unknown, ...parameters: unknown[]) => unknown;

/**
 * Of the library's filters, those that cost no more than their input and read nothing else. Left out are those that make
 * expressions out of data (`where_exp`), that say nothing to Discord (`escape` makes HTML) or something else each time.
 */
const borrowed = [
  ...['abs', 'at_least', 'at_most', 'ceil', 'divided_by', 'floor', 'minus', 'modulo', 'plus', 'round', 'times'],
  ...['append', 'capitalize', 'downcase', 'lstrip', 'prepend', 'remove', 'replace', 'rstrip', 'slice', 'split'],
  ...['squish', 'strip', 'strip_newlines', 'truncate', 'truncatewords', 'upcase', 'url_encode'],
  ...['compact', 'concat', 'first', 'join', 'last', 'map', 'reject', 'reverse', 'size', 'sort', 'sort_natural'],
  ...['sum', 'uniq', 'where', 'date', 'default', 'json'],
];

/** Those that look for their first parameter. */
const seeking = new Set(['remove', 'replace', 'split']);
/** Characters of what is looked for: more can cost the product of both lengths. */
const longestNeedle = 1_000;

const momentStyles = new Set(['t', 'T', 'd', 'D', 'f', 'F', 'R']);

const own: Record<string, Filter> = {
  code_block: (value, language) => codeBlock(textOf(value), languageOf(language)),
  inline_code: (value) => inlineCode(textOf(value)),
  escape_markdown: (value) => escapeMarkdown(textOf(value)),
  title_case: (value) => titleCase(textOf(value)),
  discord_time: (value, style) => discordTime(value, typeof style === 'string' ? style : 'f'),
};

/** All that templates may use, each within the budget of its rendering. */
export const templateFilters: ReadonlyMap<string, Filter> = new Map(
  [...borrowed.map((name) => [name, libraryFilters[name] as Filter] as const), ...Object.entries(own)].map(
    ([name, filter]) => [name, bounded(filter, seeking.has(name))],
  ),
);

/** @throws when it is too long to be looked for */
export function refuseLongNeedle(value: unknown): void {
  if (typeof value === 'string' && value.length > longestNeedle) {
    throw new Error(`it looks for a text of more than ${longestNeedle} characters`);
  }
}

function bounded(filter: Filter, seeks: boolean): Filter {
  return function* (value, ...parameters) {
    const budget = RenderBudget.of(this.context);
    budget.check();
    budget.weigh(value);
    for (const parameter of parameters) budget.weigh(parameter);
    if (seeks) refuseLongNeedle(parameters[0]);
    const result: unknown = yield filter.call(this, value, ...parameters);
    budget.weigh(result);
    return result;
  };
}

function languageOf(language: unknown): string {
  return typeof language === 'string' && /^[\w+-]{1,20}$/.test(language) ? language : '';
}

/** A moment as each reader's own clock shows it; what is no moment stays as it is. Numbers are seconds since 1970. */
function discordTime(value: unknown, style: string): unknown {
  const seconds = typeof value === 'number' ? value : Date.parse(textOf(value)) / 1000;
  if (!momentStyles.has(style) || !Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return value;
  return `<t:${Math.floor(seconds)}:${style}>`;
}

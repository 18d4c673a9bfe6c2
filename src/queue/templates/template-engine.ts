import { type Context, defaultOperators, Liquid, type Operators, type TagToken, TokenKind, Tokenizer } from 'liquidjs';
import { type Locale, locales } from '../../domain/notification.js';
import { refuseLongNeedle, templateFilters } from './template-filters.js';
import { RenderBudget } from './render-budget.js';
import { CompiledText } from './compiled-text.js';

/** Those that read no file, and whose output stays where it is counted. */
const allowedTags = new Set(['#', 'assign', 'break', 'case', 'comment', 'continue', 'for', 'if', 'raw', 'unless']);

const engines = new Map(locales.map((locale) => [locale, engineOf(locale)]));

/** @throws when the text is no template; the message tells the line and the column */
export function compileText(text: string, locale: Locale): CompiledText {
  const liquid = engines.get(locale)!;
  const templates = liquid.parse(text);
  refuseHalfRead(text, liquid);
  return new CompiledText(liquid, templates);
}

/** An expression that stands for itself, such as `commits | slice: 0, 5`. @throws when it is none */
export function compileExpression(expression: string, locale: Locale): CompiledText {
  const compiled = compileText(`{{ ${expression} }}`, locale);
  if (!compiled.isExpression) throw new Error('it must be one expression');
  return compiled;
}

function engineOf(locale: Locale): Liquid {
  const liquid = new Liquid({
    locale,
    // Moments are told in the time of the world unless a template names another; the server's own says nothing.
    timezoneOffset: 0,
    dateFormat: '%Y-%m-%d %H:%M',
    ownPropertyOnly: true,
    strictFilters: true,
    operators: boundedOperators(),
    // Nothing to read templates from, should a tag ever ask.
    templates: {},
  });
  for (const name of Object.keys(liquid.tags)) if (!allowedTags.has(name)) delete liquid.tags[name];
  for (const name of Object.keys(liquid.filters)) if (!templateFilters.has(name)) liquid.unregisterFilter(name);
  for (const [name, filter] of templateFilters) liquid.registerFilter(name, filter);
  return liquid;
}

function boundedOperators(): Operators {
  const bounded = Object.entries(defaultOperators).map(([name, operator]) => {
    // The context comes last, behind one operand or two.
    const handler = (...operands: unknown[]): unknown => {
      RenderBudget.of(operands.at(-1) as Context).check();
      if (name === 'contains') refuseLongNeedle(operands[1]);
      return (operator as (...all: unknown[]) => unknown)(...operands);
    };
    return [name, handler as Operators[string]] as const;
  });
  return Object.fromEntries(bounded);
}

/** Tags whose arguments are one expression. */
const judging = new Set(['if', 'elsif', 'unless', 'case']);

/** The library reads as much of `{{ a b }}` or `{% if a == %}` as it understands, and says nothing about the rest. */
function refuseHalfRead(text: string, { options }: Liquid): void {
  const { operators } = options;
  let inComment = false;
  for (const token of new Tokenizer(text, operators).readTopLevelTokens(options)) {
    if (isTag(token)) {
      const { name, contentRange, args } = token;
      inComment = name === 'comment' || (inComment && name !== 'endcomment');
      if (inComment) continue;
      const [, end] = contentRange;
      if (judging.has(name)) mustBeExpression(new Tokenizer(text, operators, undefined, [end - args.length, end]));
      const assigned = name === 'assign' ? args.indexOf('=') + 1 : 0;
      if (assigned > 0) {
        mustBeExpression(new Tokenizer(text, operators, undefined, [end - args.length + assigned, end]));
      }
    } else if (isOutput(token) && !inComment) {
      mustBeExpression(new Tokenizer(text, operators, undefined, token.contentRange));
    }
  }
}

/** Operands with an operator between each two of them, up to the first filter. */
function mustBeExpression(tokenizer: Tokenizer): void {
  let wantsOperand = true;
  for (const token of tokenizer.readExpressionTokens()) {
    const operator = token.kind === TokenKind.Operator;
    const unary = operator && token.getText() === 'not';
    const fits = unary ? wantsOperand : operator !== wantsOperand;
    tokenizer.assert(fits, () => `unexpected "${token.getText()}"`, token.begin);
    wantsOperand = operator;
  }
  tokenizer.assert(!wantsOperand, 'something is missing here');
}

function isTag(token: { kind: TokenKind }): token is TagToken {
  return token.kind === TokenKind.Tag;
}

function isOutput(token: { kind: TokenKind }): token is { kind: TokenKind; contentRange: [number, number] } {
  return token.kind === TokenKind.Output;
}

import { Context, type Liquid, Output, type Template, toValueSync } from 'liquidjs';
import { BoundedText } from './bounded-text.js';
import { type RenderBudget } from './render-budget.js';

/** What a template is filled in with: that of the notification, and that of the entry of a list, which comes first. */
export interface Variables {
  all: Readonly<Record<string, unknown>>;
  entry?: Readonly<Record<string, unknown>>;
}

type Path = ReturnType<Liquid['globalVariableSegmentsSync']>[number];

/** One text of a template, ready to be filled in. Everything here throws what the library throws. */
export class CompiledText {
  private asked: Path[] | undefined;

  constructor(
    private readonly liquid: Liquid,
    private readonly templates: Template[],
  ) {}

  get isExpression(): boolean {
    return this.templates.length === 1 && this.templates[0] instanceof Output;
  }

  /** A variable that is missing is written as nothing. */
  render(variables: Variables, budget: RenderBudget): string {
    const text = new BoundedText();
    const { renderer } = this.liquid;
    toValueSync(renderer.renderTemplates(this.templates, this.contextOf(variables, budget), text));
    return text.buffer;
  }

  /** The value of what is an expression. */
  evaluate(variables: Variables, budget: RenderBudget): unknown {
    const [output] = this.templates;
    return output instanceof Output
      ? toValueSync(output.value.value(this.contextOf(variables, budget)))
      : this.render(variables, budget);
  }

  /** The variables it asks for that are not there, such as `commit.author`. */
  missing(variables: Variables): string[] {
    this.asked ??= this.liquid.globalVariableSegmentsSync(this.templates);
    const { all, entry = {} } = variables;
    const missing = this.asked.filter((path) => !isThere(entry, path) && !isThere(all, path));
    return missing.map((path) => path.filter(isPlain).join('.'));
  }

  private contextOf({ all, entry = {} }: Variables, { limiter }: RenderBudget): Context {
    const { liquid } = this;
    const limits = { memoryLimit: limiter, renderLimit: limiter, liquid };
    // What the entry does not have is looked for in the globals.
    return new Context(entry, liquid.options, { sync: true, globals: all }, limits);
  }
}

/** What the library makes of lists, texts and objects by itself. */
const derived = new Set<unknown>(['size', 'first', 'last']);

function isThere(scope: object, path: Path): boolean {
  let place: unknown = scope;
  for (const segment of path) {
    // Which key that is decides another variable.
    if (!isPlain(segment)) return true;
    if (place === null || place === undefined) return false;
    if (!Object.hasOwn(Object(place) as object, segment)) return derived.has(segment) && place !== scope;
    place = (place as Record<string | number, unknown>)[segment];
  }
  return place !== undefined;
}

function isPlain(segment: Path[number]): segment is string | number {
  return !Array.isArray(segment);
}

import { type Context } from 'liquidjs';

/** Bounds of a whole template with one payload. A usual one takes a hundred steps and less than a millisecond. */
const mostSteps = 5_000;
const longestMs = 250;
/** Characters and list items that filters may handle, beside some for each character of the payload. */
const leastHandled = 2_000_000;
const handledPerCharacter = 16;

/** A template took more than it may. */
export class BudgetExceeded extends Error {}

/**
 * What one rendering may cost. Every piece of a template, filter and operator is a step, in loops again and again, and the
 * time is looked at with each: nothing that a template says holds the process up for long.
 */
export class RenderBudget {
  private steps = 0;
  private handled = 0;
  private readonly most: number;
  private readonly end = performance.now() + longestMs;

  /** `size` of the payload, in characters of JSON. */
  constructor(size: number) {
    this.most = leastHandled + handledPerCharacter * size;
  }

  /** That of a rendering under way. */
  static of({ memoryLimit }: Pick<Context, 'memoryLimit'>): RenderBudget {
    return memoryLimit as unknown as RenderBudget;
  }

  /** Of the type that the library wants: its own limiters count no steps. */
  get limiter(): Context['memoryLimit'] {
    return this as unknown as Context['memoryLimit'];
  }

  /** @throws BudgetExceeded */
  check(): void {
    if (++this.steps > mostSteps) throw new BudgetExceeded(`it takes more than ${mostSteps} steps`);
    if (performance.now() > this.end) throw new BudgetExceeded(`it takes longer than ${longestMs} ms`);
  }

  /** Anything but a positive number costs nothing: bounds of ranges and lengths of slices come as they were written. */
  use(count: unknown): void {
    const used = Number(count);
    if (!(used > 0)) return;
    this.handled += used;
    if (this.handled > this.most) throw new BudgetExceeded('it handles more text and lists than it may');
  }

  /** Takes what a value weighs: a list may hold the same long text a thousand times. @throws BudgetExceeded */
  weigh(value: unknown): void {
    if (typeof value === 'string') this.use(value.length);
    if (!Array.isArray(value)) return;
    this.use(value.length);
    for (const item of value) this.weigh(item);
  }
}

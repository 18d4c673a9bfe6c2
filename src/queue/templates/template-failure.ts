import { BudgetExceeded } from './render-budget.js';

/** A template that cannot be read, or not be filled in. */
export class TemplateFailure extends Error {
  /**
   * `place` is the part of the template, such as `fields.0.value`. `exhausting` says that it took more than it may: then it
   * costs as much each time.
   */
  constructor(
    readonly place: string,
    readonly reason: string,
    readonly exhausting = false,
  ) {
    super(`${place}: ${reason}`);
  }

  /** Of whatever was thrown while that part was read or filled in. */
  static at(place: string, error: unknown): TemplateFailure {
    const cause = causeOf(error);
    const words = firstLine(error instanceof Error ? error.message : '');
    return new TemplateFailure(place, words, cause instanceof BudgetExceeded);
  }
}

/** The library wraps what filters throw, sometimes more than once. */
function causeOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof Error && 'originalError' in cause && cause.originalError) cause = cause.originalError;
  return cause;
}

/** The library adds the line and the column in its own way. */
function firstLine(message: string): string {
  const [line = ''] = message.split('\n');
  const words = line.length > 300 ? `${line.slice(0, 200)}… ${line.slice(-80)}` : line;
  return words.replace(/, line:(\d+), col:(\d+)$/, ' (line $1, column $2)') || 'it cannot be filled in';
}

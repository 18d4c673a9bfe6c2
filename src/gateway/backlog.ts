/** How many times the bound of a slow reader may wait before a client is given another answer to a join. */
const answersBeyond = 8;

/**
 * What waits for one reader, against what may. Live frames may wait up to the bound. The answer to a join (a snapshot,
 * missed events) may be larger than that: a client that is still reading it is not slow, and would only come back and
 * ask again if it was cut.
 */
export class Backlog {
  private allowance = 0;

  constructor(private readonly bound: number) {}

  /** Whether a reader with this many bytes waiting is too slow for live frames. */
  tooMuch(waiting: number): boolean {
    if (waiting > this.bound) return waiting > this.bound + this.allowance;
    // Written to only where it changes: this is asked for each delivery.
    if (this.allowance !== 0) this.allowance = 0;
    return false;
  }

  /** Whether an answer of `bytes` may be sent on top of those waiting; they are allowed for if so. */
  takesAnswer(waiting: number, bytes: number): boolean {
    if (this.tooMuch(waiting) || waiting > this.bound * answersBeyond) return false;
    this.allowance += bytes;
    return true;
  }
}

const first = 1_000;
const longest = 30_000;

/**
 * Keeps the worker from trying one waiting notification after another while Discord or the bot is away. Each failure in
 * a row doubles the pause, up to half a minute; one success ends it.
 */
export class OutagePause {
  private failures = 0;
  private until = 0;

  /** `now` in milliseconds, from a clock that never steps back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Milliseconds left of the pause; 0 when there is none. */
  get remaining(): number {
    return Math.max(0, this.until - this.now());
  }

  /** True from the first failure to the next success: one try at a time is then enough to find out. */
  get doubtful(): boolean {
    return this.failures > 0;
  }

  /** Deliveries that were under way together fail together: they count as one failure. */
  failed(): void {
    if (this.remaining > 0) return;
    this.until = this.now() + Math.min(longest, first * 2 ** this.failures);
    this.failures += 1;
  }

  succeeded(): void {
    this.failures = 0;
    this.until = 0;
  }
}

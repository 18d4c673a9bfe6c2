/** Milliseconds. */
const longest = 300_000;

/**
 * How long to leave a source alone: each failure in a row doubles the wait, up to five minutes or the first wait if that
 * is longer, and a little chance keeps several processes and sources from coming at once.
 */
export class Backoff {
  private failures = 0;
  private until = 0;

  /** `first` in milliseconds; `random` gives numbers from 0 up to 1; `now` in milliseconds, never stepping back. */
  constructor(
    private readonly first: number,
    private readonly random: () => number = Math.random,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get troubled(): boolean {
    return this.failures > 0;
  }

  /** Milliseconds left of the wait; 0 when there is none. */
  get remaining(): number {
    return Math.max(0, this.until - this.now());
  }

  /** `least`: milliseconds that the other side asked for. */
  failed(least = 0): void {
    const wait = Math.min(Math.max(longest, this.first), this.first * 2 ** Math.min(this.failures, 20));
    this.until = this.now() + Math.max(least, wait * (1 + this.random() / 5));
    this.failures += 1;
  }

  succeeded(): void {
    this.failures = 0;
    this.until = 0;
  }
}

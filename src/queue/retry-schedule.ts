/** When a failed try is repeated: a list of waits, and a little chance so that many failures do not come back at once. */
export class RetrySchedule {
  /** `delays` in seconds, first wait first. `random` gives numbers from 0 up to 1. */
  constructor(
    private readonly delays: readonly number[],
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * Seconds to wait after the given number of counted failures: never less than the schedule says and at most a tenth
   * more. Undefined when the schedule is used up.
   */
  delayAfter(failures: number): number | undefined {
    const delay = this.delays[failures - 1];
    return delay === undefined ? undefined : delay * (1 + this.random() / 10);
  }
}

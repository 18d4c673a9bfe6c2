/** Discord counts refused requests (401, 403, 429) over this many milliseconds, and bars an address that has too many. */
const span = 600_000;

/** How many more refusals may be risked. Beyond, requests wait until enough of the earlier ones are forgotten. */
export class InvalidRequestBudget {
  /** When the latest were refused, oldest first; at most `most` of them. */
  private readonly refusedAt: number[] = [];

  /** `now` in milliseconds, from a clock that never steps back. */
  constructor(
    private readonly most: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  countRefusal(): void {
    this.refusedAt.push(this.now());
    if (this.refusedAt.length > this.most) this.refusedAt.shift();
  }

  /** Milliseconds until a request may be risked; 0 = now. */
  get pause(): number {
    if (this.refusedAt.length < this.most) return 0;
    return Math.max(0, Math.ceil(this.refusedAt[0]! + span - this.now()));
  }
}

import { Logger } from '@nestjs/common';
import { type REST, RESTEvents } from 'discord.js';

/** Discord counts refused requests (401, 403, 429) over this many milliseconds, and bars an address that has too many. */
const span = 600_000;
/** Milliseconds between two lines of the log: each refusal at the bound makes a pause of its own. */
const quiet = 60_000;

/** How many more refusals may be risked. Beyond, requests wait until enough of the earlier ones are forgotten. */
export class InvalidRequestBudget {
  private readonly logger = new Logger(InvalidRequestBudget.name);
  /** When the latest were refused, oldest first; at most `most` of them. */
  private readonly refusedAt: number[] = [];
  private toldAt = -Infinity;

  /** `now` in milliseconds, from a clock that never steps back. */
  constructor(
    private readonly most: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts what `rest` meets. Its option `invalidRequestWarningInterval` must be 1. */
  follow(rest: REST): void {
    rest.on(RESTEvents.InvalidRequestWarning, () => this.countRefusal());
  }

  countRefusal(): void {
    this.refusedAt.push(this.now());
    if (this.refusedAt.length > this.most) this.refusedAt.shift();
    if (this.pause > 0) this.tell();
  }

  /** Milliseconds until a request may be risked; 0 = now. */
  get pause(): number {
    if (this.refusedAt.length < this.most) return 0;
    return Math.max(0, Math.ceil(this.refusedAt[0]! + span - this.now()));
  }

  /** How many refusals of the last ten minutes are known; never more than the bound. */
  get refusals(): number {
    const since = this.now() - span;
    return this.refusedAt.filter((at) => at > since).length;
  }

  /** For the operator; undefined while nothing has to wait. */
  get sentence(): string | undefined {
    const { pause } = this;
    if (pause === 0) return undefined;
    const refused = `Discord refused ${this.most} requests within ten minutes`;
    return `${refused}; so that it does not bar this address, sending pauses for ${Math.ceil(pause / 1000)} s.`;
  }

  private tell(): void {
    const now = this.now();
    if (now - this.toldAt < quiet) return;
    this.toldAt = now;
    this.logger.warn(`${this.sentence} It goes on by itself.`);
  }
}

/** IDENTIFYs that are left alone: with none, a bot is out until Discord counts anew. */
const reserve = 5;
/**
 * Milliseconds for which what Discord said counts, and for which a claim does beside it: what was claimed may be on its
 * way still. After that it is in Discord's number, or never came to anything.
 */
const freshness = 10_000;

/** Milliseconds between two looks, at least, whatever Discord says. */
const shortestWait = 5_000;

interface GatewayInformation {
  session_start_limit: { remaining: number; reset_after: number };
}

/** `force`: past what was asked before. */
type Ask = (force: boolean) => Promise<GatewayInformation>;

/** So few sessions may be begun today that the last ones are kept. */
export class SessionsSpentError extends Error {
  /** `resetAfter` in milliseconds. */
  constructor(
    remaining: number,
    readonly resetAfter: number,
  ) {
    super(`Discord lets this bot begin only ${remaining} more sessions before ${timeIn(resetAfter)}`);
    this.name = 'SessionsSpentError';
  }
}

/** How many sessions the bot may begin: Discord takes a token back that begins more than it allows in a day. */
export class IdentifyAllowance {
  private known: { data: GatewayInformation; at: number } | undefined;
  private claims: number[] = [];
  private turn: Promise<unknown> = Promise.resolve();

  /** `now` in milliseconds, from a clock that never steps back. */
  constructor(
    private readonly ask: Ask,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Takes `count` IDENTIFYs. @throws SessionsSpentError, and what asking throws; then nothing is taken */
  claim(count: number): Promise<void> {
    // One after the other: two that look at the same time would both see the last one.
    const claimed = this.turn.then(() => this.take(count));
    this.turn = claimed.catch(() => undefined);
    return claimed;
  }

  private async take(count: number): Promise<void> {
    const { data, at } = await this.current();
    const now = this.now();
    this.claims = this.claims.filter((claimedAt) => claimedAt > now - freshness);
    const { remaining, reset_after: resetAfter } = data.session_start_limit;
    const wanted = Math.max(reserve, count);
    if (remaining < wanted) throw new SessionsSpentError(remaining, Math.max(shortestWait, at + resetAfter - now));
    const left = remaining - this.claims.length;
    if (left < wanted) throw new SessionsSpentError(Math.max(0, left), freshness);
    for (let n = 0; n < count; n += 1) this.claims.push(now);
  }

  private async current(): Promise<{ data: GatewayInformation; at: number }> {
    const old = this.known !== undefined && this.now() - this.known.at > freshness;
    const data = await this.ask(old);
    if (this.known?.data !== data) this.known = { data, at: this.now() };
    return this.known;
  }
}

function timeIn(milliseconds: number): string {
  return new Date(Date.now() + milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}

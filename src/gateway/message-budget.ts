export interface MessageRates {
  /** Per second. */
  messages: number;
  joins: number;
}

/** How many seconds' worth may come at once: who reconnects asks for all its rooms in one go. */
const burstSeconds = 10;

/** Refusals in a row after which a client is not asked to be patient any more. */
const patience = 100;

/** What one connection may still ask for: two token buckets. */
export class MessageBudget {
  private readonly left: MessageRates;
  private at = performance.now();
  private refusals = 0;

  constructor(private readonly rates: MessageRates) {
    this.left = { messages: atOnce(rates.messages), joins: atOnce(rates.joins) };
  }

  /** Undefined when it is allowed, and taken; otherwise the seconds until it will be. */
  take(kind: keyof MessageRates): number | undefined {
    this.refill();
    if (this.left[kind] < 1) {
      this.refusals += 1;
      return Math.max(1, Math.ceil((1 - this.left[kind]) / this.rates[kind]));
    }
    this.refusals = 0;
    this.left[kind] -= 1;
    return undefined;
  }

  /** The client goes on however often it is refused: answering it only feeds it. */
  get flooded(): boolean {
    return this.refusals > patience;
  }

  private refill(): void {
    const now = performance.now();
    const seconds = (now - this.at) / 1000;
    this.at = now;
    for (const kind of ['messages', 'joins'] as const) {
      this.left[kind] = Math.min(atOnce(this.rates[kind]), this.left[kind] + seconds * this.rates[kind]);
    }
  }
}

function atOnce(perSecond: number): number {
  return Math.max(1, perSecond * burstSeconds);
}

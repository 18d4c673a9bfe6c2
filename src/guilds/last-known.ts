import { type Logger } from '@nestjs/common';

/** After how many milliseconds another process's change is seen. */
const freshness = 3_000;
/** How many milliseconds a reader waits for the database before it gets what was last known. */
const patience = 1_000;

/** Something of the database that is read from memory. An outage leaves readers with what was last known. */
export class LastKnown<T> {
  private asOf = -Infinity;
  private reading: Promise<void> | undefined;
  private troubled = false;
  /** Reads begun so far, and which of them `known` comes from. */
  private turns = 0;
  private shown = 0;

  /** `words` says what it is, in the plural. `told` is called after each read that is believed. */
  constructor(
    private readonly words: string,
    private known: T,
    private readonly ask: () => Promise<T>,
    private readonly logger: Logger,
    private readonly told: () => void = () => undefined,
  ) {}

  get value(): T {
    return this.known;
  }

  /** @throws when the database cannot be read */
  async read(): Promise<void> {
    const turn = ++this.turns;
    const value = await this.ask();
    // A read that began before a change may come back after it, with the past.
    if (turn < this.shown) return;
    this.shown = turn;
    this.known = value;
    this.asOf = performance.now();
    this.told();
  }

  /** Reads again what is too old. */
  async refresh(): Promise<void> {
    if (performance.now() - this.asOf < freshness) return;
    this.reading ??= this.readOrKeep().finally(() => (this.reading = undefined));
    await noLongerThanPatience(this.reading);
  }

  /** Reads again, however young it is. */
  async renew(): Promise<void> {
    await noLongerThanPatience(this.readOrKeep());
  }

  /** What is known was changed by its owner: reads under way tell the past, and the next reader looks again. */
  outdate(): void {
    this.shown = ++this.turns;
    this.asOf = -Infinity;
  }

  private async readOrKeep(): Promise<void> {
    try {
      await this.read();
      if (this.troubled) this.logger.log(`The ${this.words} can be read again`);
      this.troubled = false;
    } catch {
      if (!this.troubled) this.logger.warn(`The ${this.words} cannot be read: what was last known stays in force`);
      this.troubled = true;
      this.asOf = performance.now();
    }
  }
}

async function noLongerThanPatience(reading: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
  await Promise.race([reading, enough]);
  clearTimeout(timer);
}

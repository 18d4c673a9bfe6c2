import { type Reading } from '../domain/figures/figure.js';

const seconds = 60;

/** Counts the messages of one guild in buckets of a second. Times are milliseconds of one clock that never steps back. */
export class MessagePace {
  private readonly counts = new Uint32Array(seconds);
  /** Which second each bucket is of. */
  private readonly buckets = new Float64Array(seconds).fill(-Infinity);
  private last: number | undefined;

  /** `from`: since when messages are heard. */
  constructor(private readonly from: number) {}

  count(now: number): void {
    const second = Math.floor(now / 1000);
    const slot = second % seconds;
    if (this.buckets[slot] !== second) this.counts[slot] = 0;
    this.buckets[slot] = second;
    this.counts[slot]! += 1;
    this.last = now;
  }

  lastMinute(now: number): Reading {
    const oldest = Math.floor(now / 1000) - seconds;
    let value = 0;
    this.buckets.forEach((second, slot) => {
      if (second > oldest) value += this.counts[slot]!;
    });
    return { value, atLeast: now - this.from < seconds * 1000 };
  }

  /** In whole seconds. What was before the first message that is heard may have been silence too. */
  silence(now: number): Reading {
    return { value: Math.floor((now - (this.last ?? this.from)) / 1000), atLeast: this.last === undefined };
  }
}

interface Waiter<T> {
  predicate: (item: T) => boolean;
  found: (item: T) => void;
}

/** A list that can be waited on. Holds at most `limit` items: the oldest leave first. */
export class WatchedList<T> {
  private readonly waiters = new Set<Waiter<T>>();
  private readonly held: T[] = [];

  constructor(
    private readonly what: string,
    private readonly limit = 100_000,
  ) {}

  get items(): readonly T[] {
    return this.held;
  }

  add(item: T): void {
    this.held.push(item);
    if (this.held.length > this.limit) this.held.shift();
    for (const waiter of this.waiters) {
      if (!waiter.predicate(item)) continue;
      this.waiters.delete(waiter);
      waiter.found(item);
    }
  }

  remove(item: T): void {
    const place = this.held.indexOf(item);
    if (place >= 0) this.held.splice(place, 1);
  }

  /** The first item that fits, now or later. Rejects after `timeout` milliseconds. */
  waitFor(predicate: (item: T) => boolean, timeout: number): Promise<T> {
    const present = this.held.find(predicate);
    if (present !== undefined) return Promise.resolve(present);
    return new Promise((resolve, reject) => {
      const waiter: Waiter<T> = {
        predicate,
        found: (item) => {
          clearTimeout(timer);
          resolve(item);
        },
      };
      const timer = setTimeout(() => {
        this.waiters.delete(waiter);
        reject(new Error(`No ${this.what} as expected within ${timeout} ms (${this.held.length} seen)`));
      }, timeout);
      this.waiters.add(waiter);
    });
  }
}

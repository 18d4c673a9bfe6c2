/** Sleeping until something may be there to fetch. A ring wakes one sleeper, so that many of them cost one look. */
export class PullWaiters {
  private readonly sleepers = new Set<() => void>();

  private count = 0;

  constructor(private readonly most: number) {}

  /** False when so many sleep already that no other may. */
  get open(): boolean {
    return this.sleepers.size < this.most;
  }

  /** Rings so far: who looked and found nothing shows with it that nobody rang meanwhile. */
  get rings(): number {
    return this.count;
  }

  /** Wakes the one that sleeps longest. */
  ring(): void {
    this.count += 1;
    const [first] = this.sleepers;
    first?.();
  }

  /** Resolves after the given milliseconds, at a ring since `heard`, or when `signal` ends the wait. */
  async sleep(milliseconds: number, signal: AbortSignal, heard: number): Promise<void> {
    if (signal.aborted || heard !== this.count) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      signal.addEventListener('abort', wake);
      this.sleepers.add(wake);
    });
  }
}

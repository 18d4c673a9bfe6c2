/** What is to be taken out of one client's world later. */
export class LateRemovals {
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(private readonly delayMs: number) {}

  add(remove: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      remove();
    }, this.delayMs);
    this.timers.add(timer);
  }

  clear(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}

/** Who left which room, and when the last of their traces is to be wiped. One timer for each. */
export class Departures {
  private readonly timers = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly delayMs: number,
    private readonly wipe: (guildId: string, memberId: string, leftAt: number) => void,
  ) {}

  /** `offset`: the place of the leave in the guild's log. A later leave of the same member replaces this one. */
  left(guildId: string, memberId: string, offset: number): void {
    const key = `${guildId}/${memberId}`;
    this.returned(guildId, memberId);
    const timer = setTimeout(() => {
      this.timers.delete(key);
      this.wipe(guildId, memberId, offset);
    }, this.delayMs);
    this.timers.set(key, timer.unref());
  }

  returned(guildId: string, memberId: string): void {
    const key = `${guildId}/${memberId}`;
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
  }

  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }
}

import { LRUCache } from 'lru-cache';

/** Commands of one user within `span` milliseconds. */
const most = 5;
const span = 10_000;
const rememberedUsers = 10_000;

/** How fast a user may give commands. */
export class CommandPace {
  /** When each user's latest were allowed, oldest first. */
  private readonly latest = new LRUCache<string, number[]>({ max: rememberedUsers });

  /** `now` in milliseconds, from a clock that never steps back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Counts one more command, or tells in how many seconds it would be allowed. 0: it is. */
  take(userId: string): number {
    const now = this.now();
    const times = (this.latest.get(userId) ?? []).filter((at) => at > now - span);
    if (times.length >= most) return Math.ceil((times[0]! + span - now) / 1000);
    this.latest.set(userId, [...times, now]);
    return 0;
  }
}

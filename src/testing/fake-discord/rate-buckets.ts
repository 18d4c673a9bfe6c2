import { createHash } from 'node:crypto';

export interface RateLimit {
  /** Requests of one bucket in one window. */
  limit: number;
  /** Milliseconds. */
  window: number;
}

/** Counts requests for each bucket (a route and its first id), as Discord's headers tell of them. */
export class RateBuckets {
  private readonly windows = new Map<string, { used: number; endsAt: number }>();

  constructor(private readonly rule: RateLimit) {}

  /** Takes one request out of the bucket. `retryAfter` is in seconds; undefined = it may go on. */
  take(route: string, major: string): { headers: Record<string, string>; retryAfter?: number } {
    const key = `${route} ${major}`;
    const now = Date.now();
    let window = this.windows.get(key);
    if (!window || window.endsAt <= now) {
      for (const [old, { endsAt }] of this.windows) if (endsAt <= now) this.windows.delete(old);
      this.windows.set(key, (window = { used: 0, endsAt: now + this.rule.window }));
    }
    const over = window.used >= this.rule.limit;
    if (!over) window.used += 1;
    const resetAfter = (window.endsAt - now) / 1000;
    const headers = {
      'X-RateLimit-Limit': String(this.rule.limit),
      'X-RateLimit-Remaining': String(this.rule.limit - window.used),
      'X-RateLimit-Reset': (window.endsAt / 1000).toFixed(3),
      'X-RateLimit-Reset-After': resetAfter.toFixed(3),
      'X-RateLimit-Bucket': createHash('sha256').update(route).digest('hex').slice(0, 32),
    };
    return over ? { headers: { ...headers, 'X-RateLimit-Scope': 'user' }, retryAfter: resetAfter } : { headers };
  }
}

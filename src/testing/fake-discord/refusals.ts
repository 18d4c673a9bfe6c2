/** Which requests meet the fault. A text is the exact path without `/api/v10`, a pattern is tested against it. */
export interface RequestPattern {
  method?: string;
  path: string | RegExp;
  /** How many requests; 1 by default. */
  times?: number;
}

export interface RefusalOptions extends RequestPattern {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** How a request goes wrong: refused or left in silence (it has no effect), or done with its answer lost on the way. */
export type Mishap =
  | { kind: 'refuse'; status: number; body: unknown; headers: Record<string, string> }
  | { kind: 'silence' }
  | { kind: 'lose-answer' };

/** The faults that tests ordered, in the order of their orders. */
export class Refusals {
  private readonly orders: { pattern: RequestPattern; left: number; mishap: Mishap }[] = [];

  refuse({ status, body, headers = {}, ...pattern }: RefusalOptions): void {
    const answer = body ?? defaultBody(status);
    const given = Object.keys(headers).map((name) => name.toLowerCase());
    const retryAfter = (answer as { retry_after?: number }).retry_after;
    const spoken: Record<string, string> = {};
    if (retryAfter !== undefined && !given.includes('retry-after')) spoken['Retry-After'] = String(retryAfter);
    this.order(pattern, { kind: 'refuse', status, body: answer, headers: { ...spoken, ...headers } });
  }

  loseAnswer(pattern: RequestPattern): void {
    this.order(pattern, { kind: 'lose-answer' });
  }

  silence(pattern: RequestPattern): void {
    this.order(pattern, { kind: 'silence' });
  }

  /** Uses up one order that fits. */
  next(method: string, path: string): Mishap | undefined {
    const order = this.orders.find(
      ({ pattern, left }) =>
        left > 0 &&
        (pattern.method === undefined || pattern.method.toUpperCase() === method) &&
        (typeof pattern.path === 'string' ? pattern.path === path : new RegExp(pattern.path).test(path)),
    );
    if (order) order.left -= 1;
    return order?.mishap;
  }

  clear(): void {
    this.orders.length = 0;
  }

  private order(pattern: RequestPattern, mishap: Mishap): void {
    this.orders.push({ pattern, left: pattern.times ?? 1, mishap });
  }
}

function defaultBody(status: number): unknown {
  switch (status) {
    case 429:
      return { message: 'You are being rate limited.', retry_after: 0.3, global: false };
    case 401:
      return { message: '401: Unauthorized', code: 0 };
    case 403:
      return { message: 'Missing Access', code: 50001 };
    case 404:
      return { message: '404: Not Found', code: 0 };
    default:
      return { message: `${status}: Refused`, code: 0 };
  }
}

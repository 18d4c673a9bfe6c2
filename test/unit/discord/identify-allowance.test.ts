import { describe, expect, it } from 'vitest';
import { IdentifyAllowance, SessionsSpentError } from '../../../src/discord/identify-allowance.js';

/** Discord's number, as it is asked for. */
class Numbers {
  now = 0;
  remaining = 1000;
  resetAfter = 3_600_000;
  asked = 0;
  private last: { session_start_limit: { remaining: number; reset_after: number } } | undefined;
  readonly allowance = new IdentifyAllowance(
    (force) => {
      if (force || this.last === undefined) {
        this.asked += 1;
        this.last = { session_start_limit: { remaining: this.remaining, reset_after: this.resetAfter } };
      }
      return Promise.resolve(this.last);
    },
    () => this.now,
  );

  /** Milliseconds to wait; 0 = granted. */
  async claim(count = 1): Promise<number> {
    return this.allowance.claim(count).then(
      () => 0,
      (error: unknown) => {
        expect(error).toBeInstanceOf(SessionsSpentError);
        return (error as SessionsSpentError).resetAfter;
      },
    );
  }
}

describe('IdentifyAllowance', () => {
  it('grants as long as five are left, and then says when there are more', async () => {
    const numbers = new Numbers();
    numbers.remaining = 5;
    expect(await numbers.claim()).toBe(0);
    numbers.now += 20_000;
    numbers.remaining = 4;
    numbers.resetAfter = 3_000_000;
    expect(await numbers.claim()).toBe(3_000_000);
    numbers.now += 5_000;
    expect(await numbers.claim()).toBe(2_995_000);
    expect(numbers.asked).toBe(2);
    numbers.now += 3_000_000;
    numbers.remaining = 1000;
    expect(await numbers.claim()).toBe(0);
  });

  it('does not ask all the time where Discord says to come back at once', async () => {
    const numbers = new Numbers();
    numbers.remaining = 0;
    numbers.resetAfter = 0;
    expect(await numbers.claim()).toBe(5_000);
  });

  it('grants many shards all of theirs, or none', async () => {
    const numbers = new Numbers();
    numbers.remaining = 15;
    expect(await numbers.claim(16)).toBe(3_600_000);
    numbers.now += 20_000;
    numbers.remaining = 16;
    expect(await numbers.claim(16)).toBe(0);
  });

  it('counts what is on its way, also of shards that ask at once', async () => {
    const numbers = new Numbers();
    numbers.remaining = 7;
    const answers = await Promise.all([1, 2, 3, 4].map(() => numbers.claim()));
    expect(answers).toEqual([0, 0, 0, 10_000]);
  });

  it('does not count for long what never came to anything', async () => {
    const numbers = new Numbers();
    numbers.remaining = 6;
    for (let n = 0; n < 50; n += 1) {
      expect(await numbers.claim()).toBe(0);
      numbers.now += 10_001;
    }
  });

  it('keeps the last ones for days, whatever fails, and goes on when there are more', async () => {
    const numbers = new Numbers();
    let granted = 0;
    for (let day = 0; day < 3; day += 1) {
      numbers.remaining = 1000;
      numbers.resetAfter = 86_400_000;
      const end = numbers.now + numbers.resetAfter;
      while (numbers.now < end) {
        numbers.resetAfter = end - numbers.now;
        const pause = await numbers.claim();
        if (pause === 0) {
          granted += 1;
          numbers.remaining -= 1;
        }
        numbers.now += Math.max(pause, 60_000);
      }
      expect(numbers.remaining).toBe(4);
    }
    expect(granted).toBe(3 * 996);
  });

  it('hands on that it could not ask, and grants afterwards', async () => {
    let fails = true;
    const limit = { session_start_limit: { remaining: 9, reset_after: 1 } };
    const allowance = new IdentifyAllowance(() => (fails ? Promise.reject(new Error('away')) : Promise.resolve(limit)));
    await expect(allowance.claim(1)).rejects.toThrow('away');
    fails = false;
    await allowance.claim(1);
  });
});

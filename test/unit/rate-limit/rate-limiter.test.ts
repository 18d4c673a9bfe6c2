import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FailedAttempts } from '../../../src/rate-limit/failed-attempts.js';
import { BoundedCounter, RateLimiter, type RateLimits } from '../../../src/rate-limit/rate-limiter.js';

const limits: RateLimits = { http: 3, socket: 2, join: 2, publish: 1, 'failed-key': 2 };

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('RateLimiter', () => {
  it('counts down, then refuses with the time to wait', async () => {
    const limiter = new RateLimiter(limits);
    expect(await limiter.take('http', 'a')).toEqual({ allowed: true, limit: 3, remaining: 2, resetSeconds: 60 });
    expect(await limiter.take('http', 'a', 2)).toMatchObject({ allowed: true, remaining: 0 });
    const refused = await limiter.take('http', 'a');
    expect(refused).toMatchObject({ allowed: false, limit: 3, remaining: 0 });
    expect(refused.retryAfter).toBeGreaterThan(0);
    expect(refused.retryAfter).toBeLessThanOrEqual(60);
  });

  it('takes all of what a client asks for, or nothing', async () => {
    const limiter = new RateLimiter(limits);
    await limiter.take('http', 'a');
    expect(await limiter.take('http', 'a', 3)).toMatchObject({ allowed: false, remaining: 2, retryAfter: 60 });
    expect(await limiter.take('http', 'a', 2)).toMatchObject({ allowed: true, remaining: 0 });
    expect(await limiter.take('http', 'a', 2)).toMatchObject({ allowed: false, remaining: 0 });
  });

  it('counts buckets and clients apart', async () => {
    const limiter = new RateLimiter(limits);
    await limiter.take('publish', 'a');
    expect((await limiter.take('publish', 'a')).allowed).toBe(false);
    expect((await limiter.take('publish', 'b')).allowed).toBe(true);
    expect((await limiter.take('join', 'a')).allowed).toBe(true);
  });

  it('begins anew after a minute', async () => {
    vi.useFakeTimers();
    const limiter = new RateLimiter(limits);
    await limiter.take('publish', 'a');
    vi.advanceTimersByTime(59_000);
    expect(await limiter.take('publish', 'a')).toMatchObject({ allowed: false, retryAfter: 1 });
    vi.advanceTimersByTime(1_001);
    expect((await limiter.take('publish', 'a')).allowed).toBe(true);
  });

  it('peeks without taking', async () => {
    const limiter = new RateLimiter(limits);
    for (let time = 0; time < 5; time += 1) {
      expect(await limiter.peek('publish', 'a')).toEqual({ allowed: true, limit: 1, remaining: 1, resetSeconds: 0 });
    }
    await limiter.take('publish', 'a');
    expect(await limiter.peek('publish', 'a')).toMatchObject({ allowed: false, remaining: 0, retryAfter: 60 });
  });

  it('lets everything pass when the counter fails, and says so once', async () => {
    const complaint = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const broken = new BoundedCounter(1, 10);
    broken.consume = () => Promise.reject(new Error('connection lost'));
    broken.get = () => Promise.reject(new Error('connection lost'));
    const limiter = new RateLimiter(limits, () => broken);
    for (let time = 0; time < 5; time += 1) {
      expect((await limiter.take('publish', 'a')).allowed).toBe(true);
      expect((await limiter.peek('publish', 'a')).allowed).toBe(true);
    }
    expect(complaint.mock.calls.map(([text]) => text as unknown)).toEqual([expect.stringContaining('connection lost')]);
  });
});

describe('BoundedCounter', () => {
  it('forgets the longest silent client when there are too many', async () => {
    const counter = new BoundedCounter(1, 100);
    await counter.consume('patient');
    for (let client = 0; client < 99; client += 1) await counter.consume(`other ${client}`);
    await expect(counter.consume('patient')).rejects.toMatchObject({ remainingPoints: 0 });
    for (let client = 99; client < 1_000; client += 1) await counter.consume(`other ${client}`);
    expect(counter.dump().storage).toHaveLength(100);
    expect(await counter.get('patient')).toBeNull();
    expect(await counter.get('other 999')).not.toBeNull();
  });
});

describe('FailedAttempts', () => {
  it('blocks a whole IPv6 /64 after too many failures, and nobody else', async () => {
    const attempts = new FailedAttempts(new RateLimiter(limits));
    expect(await attempts.check('2001:db8::1')).toBeUndefined();
    await attempts.failed('2001:db8::1');
    await attempts.failed('2001:db8::2');
    expect(await attempts.check('2001:db8::3')).toBe(60);
    expect(await attempts.check('2001:db8:0:1::3')).toBeUndefined();
    expect(await attempts.check('203.0.113.9')).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { queueConfig } from '../../../src/queue/queue.config.js';
import { RetrySchedule } from '../../../src/queue/retry-schedule.js';

describe('the retry schedule', () => {
  it('gives each counted failure its wait and ends after the last', () => {
    const schedule = new RetrySchedule([5, 30], () => 0);
    expect([1, 2, 3].map((failures) => schedule.delayAfter(failures))).toEqual([5, 30, undefined]);
  });

  it('adds chance, never shortens a wait, and adds a tenth at most', () => {
    expect(new RetrySchedule([100], () => 0.5).delayAfter(1)).toBeCloseTo(105);
    for (let i = 0; i < 100; i += 1) {
      const delay = new RetrySchedule([100]).delayAfter(1)!;
      expect(delay).toBeGreaterThanOrEqual(100);
      expect(delay).toBeLessThan(110);
    }
  });
});

describe('the settings of the queue', () => {
  it('span more than a day by default', () => {
    const config = queueConfig.parse({});
    expect(config.QUEUE_RETRY_SCHEDULE.reduce((sum, delay) => sum + delay)).toBeGreaterThan(86_400);
    expect(config).toMatchObject({
      QUEUE_LEASE_SECONDS: 60,
      QUEUE_MAX_PAYLOAD_BYTES: 65_536,
      QUEUE_RETENTION_DAYS: 7,
      QUEUE_DEAD_RETENTION_DAYS: 30,
      QUEUE_POLL_SECONDS: 5,
      QUEUE_CONCURRENCY: 4,
    });
  });

  it('read a list of seconds', () => {
    expect(queueConfig.parse({ QUEUE_RETRY_SCHEDULE: ' 1, 2,3 ' }).QUEUE_RETRY_SCHEDULE).toEqual([1, 2, 3]);
  });

  it.each(['', '5,,6', '5;6', '0', '-1', '1.5', '1e9', 'soon', Array(101).fill('1').join(',')])(
    'refuse %j as a schedule and say what is wanted',
    (text) => {
      const read = queueConfig.safeParse({ QUEUE_RETRY_SCHEDULE: text });
      expect(read.error?.issues[0]?.message).toMatch(/whole numbers of seconds/);
    },
  );
});

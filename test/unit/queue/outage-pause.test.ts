import { describe, expect, it } from 'vitest';
import { OutagePause } from '../../../src/queue/outage-pause.js';

describe('the pause of an outage', () => {
  it('doubles with each failure up to half a minute, and ends with a success', () => {
    let now = 0;
    const outage = new OutagePause(() => now);
    expect([outage.doubtful, outage.remaining]).toEqual([false, 0]);
    const pauses = Array.from({ length: 7 }, () => {
      outage.failed();
      const pause = outage.remaining;
      now += pause;
      return pause;
    });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect([outage.doubtful, outage.remaining]).toEqual([true, 0]);
    outage.failed();
    outage.succeeded();
    expect([outage.doubtful, outage.remaining]).toEqual([false, 0]);
    outage.failed();
    expect(outage.remaining).toBe(1_000);
  });

  it('takes deliveries that fail together as one failure', () => {
    const outage = new OutagePause(() => 0);
    for (let i = 0; i < 10; i += 1) outage.failed();
    expect(outage.remaining).toBe(1_000);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessagePace } from '../../../src/gateway/message-pace.js';

describe('the pace of messages', () => {
  it('counts those of the last sixty seconds, by the second', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 60 }), (pauses) => {
        const pace = new MessagePace(0);
        const heard: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          if (pause % 3 > 0) {
            pace.count(now);
            heard.push(Math.floor(now / 1_000));
          }
          const second = Math.floor(now / 1_000);
          expect(pace.lastMinute(now).value).toBe(heard.filter((at) => at > second - 60).length);
        }
      }),
    );
  });

  it('says that there may have been more until a minute was heard', () => {
    const pace = new MessagePace(5_000);
    pace.count(6_000);
    pace.count(6_001);
    expect(pace.lastMinute(64_999)).toEqual({ value: 2, atLeast: true });
    expect(pace.lastMinute(65_000)).toEqual({ value: 2, atLeast: false });
    expect(pace.lastMinute(66_000)).toEqual({ value: 0, atLeast: false });
  });

  it('measures the silence from the last message, or from the beginning, when it may have been longer', () => {
    const pace = new MessagePace(5_500);
    expect(pace.silence(5_500)).toEqual({ value: 0, atLeast: true });
    expect(pace.silence(7_499)).toEqual({ value: 1, atLeast: true });
    pace.count(8_000);
    expect(pace.silence(8_999)).toEqual({ value: 0, atLeast: false });
    expect(pace.silence(90_000)).toEqual({ value: 82, atLeast: false });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, type AlertPhase } from '../../../src/domain/alert-phase.js';
import { type AlertCondition } from '../../../src/domain/alert-rule.js';
import { type Reading } from '../../../src/domain/figures/figure.js';

const exact = (value: number): Reading => ({ value, atLeast: false });
const perhapsMore = (value: number): Reading => ({ value, atLeast: true });

interface Look {
  reading: Reading | undefined;
  now: number;
}

/** What a rule makes of looks, one a second unless they say when. */
function course(condition: AlertCondition, readings: (Reading | undefined)[], step = 1_000): string[] {
  let phase: AlertPhase = { state: 'armed' };
  return readings.map((reading, index) => {
    const next = advance(phase, condition, reading, index * step);
    phase = next.phase;
    return next.turn ?? phase.state;
  });
}

const above: AlertCondition = { side: 'above', threshold: 10, rearm: 8, forSeconds: 0 };
const below: AlertCondition = { side: 'below', threshold: 10, rearm: 12, forSeconds: 0 };

describe('an alert', () => {
  it('is raised above its threshold, and again only after it was back', () => {
    expect(course(above, [9, 10, 11, 12, 9, 11, 8, 10, 11].map(exact))).toEqual([
      'armed',
      'armed',
      'raised',
      'raised',
      'raised',
      'raised',
      'cleared',
      'armed',
      'raised',
    ]);
  });

  it('is raised below its threshold, and again only after it was back', () => {
    expect(course(below, [11, 10, 9, 11, 9, 12, 10, 9].map(exact))).toEqual([
      'armed',
      'armed',
      'raised',
      'raised',
      'raised',
      'cleared',
      'armed',
      'raised',
    ]);
  });

  it('waits until the figure has been beyond for long enough, without a break', () => {
    const patient = { ...above, forSeconds: 2 };
    expect(course(patient, [11, 11, 11, 11].map(exact))).toEqual(['pending', 'pending', 'raised', 'raised']);
    expect(course(patient, [11, 11, 10, 11, 11, 11].map(exact))).toEqual([
      'pending',
      'pending',
      'armed',
      'pending',
      'pending',
      'raised',
    ]);
  });

  it('is neither raised nor cleared by what nobody knows', () => {
    expect(
      course({ ...above, forSeconds: 1 }, [exact(11), undefined, exact(11), exact(11), undefined, exact(8)]),
    ).toEqual(['pending', 'armed', 'pending', 'raised', 'raised', 'cleared']);
  });

  it('takes what may be more as high, never as low', () => {
    expect(course(above, [perhapsMore(11), perhapsMore(0), exact(0)])).toEqual(['raised', 'raised', 'cleared']);
    expect(course(below, [perhapsMore(0), exact(0), perhapsMore(12)])).toEqual(['armed', 'raised', 'cleared']);
  });
});

const value = fc.integer({ min: 0, max: 20 });
const condition = fc
  .record({
    side: fc.constantFrom('above' as const, 'below' as const),
    threshold: value,
    hysteresis: fc.integer({ min: 0, max: 6 }),
    forSeconds: fc.constantFrom(0, 1, 3, 10),
  })
  .map(({ side, threshold, hysteresis, forSeconds }) => ({
    side,
    threshold,
    rearm: side === 'above' ? threshold - hysteresis : threshold + hysteresis,
    forSeconds,
  }));
const looks = fc
  .array(
    fc.record({
      reading: fc.option(fc.record({ value, atLeast: fc.boolean() }), { nil: undefined }),
      pause: fc.integer({ min: 1, max: 4_000 }),
    }),
    { maxLength: 60 },
  )
  .map((list): Look[] => {
    let now = 0;
    return list.map(({ reading, pause }) => ({ reading, now: (now += pause) }));
  });

/** Every value that the figure may have had. Nobody knows: anything. */
function possible(reading: Reading | undefined): [lowest: number, highest: number] {
  if (!reading) return [-Infinity, Infinity];
  return [reading.value, reading.atLeast ? Infinity : reading.value];
}

describe('whatever a figure does, an alert', () => {
  it('is raised when and only when the figure was surely beyond for as long as it must, and surely back before', () => {
    fc.assert(
      fc.property(condition, looks, (rule, list) => {
        let phase: AlertPhase = { state: 'armed' };
        let up = false;
        let beyondSince: number | undefined;
        for (const { reading, now } of list) {
          const [lowest, highest] = possible(reading);
          const surelyBeyond = rule.side === 'above' ? lowest > rule.threshold : highest < rule.threshold;
          const surelyBack = rule.side === 'above' ? highest <= rule.rearm : lowest >= rule.rearm;
          const next = advance(phase, rule, reading, now);
          phase = next.phase;
          if (up) {
            // Never raised twice without having been back, and cleared as soon as it is.
            expect(next.turn).toBe(surelyBack ? 'cleared' : undefined);
            up = !surelyBack;
            beyondSince = undefined;
            continue;
          }
          beyondSince = surelyBeyond ? (beyondSince ?? now) : undefined;
          const due = beyondSince !== undefined && now - beyondSince >= rule.forSeconds * 1_000;
          expect(next.turn).toBe(due ? 'raised' : undefined);
          expect(phase.state).toBe(due ? 'raised' : surelyBeyond ? 'pending' : 'armed');
          up = due;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

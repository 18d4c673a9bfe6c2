import { describe, expect, it, vi } from 'vitest';
import { type LettingOut } from '../../../src/domain/events/guild-removed.js';
import { Visits } from '../../../src/gateway/visits.js';
import { DoorPass } from '../../../src/guilds/door-pass.js';

function begin(ending: () => Promise<LettingOut | undefined>, terms: { until?: number } = {}) {
  const visits = new Visits();
  const visit = visits.make('1', new DoorPass({ lookEveryMs: 60_000, ending, ...terms }));
  const letOut = vi.fn<(reason: LettingOut) => void>();
  return { visits, visit, letOut };
}

describe('a visit', () => {
  it('is looked at right after it began, and then as often as its pass says', async () => {
    const { visits, visit, letOut } = begin(() => Promise.resolve(undefined));
    expect(visits.all()).toEqual([]);
    visit.begin(letOut);
    expect(visits.all()).toEqual([visit]);
    expect(visit.isDue(performance.now())).toBe(true);
    await visit.look();
    expect(visit.isDue(performance.now())).toBe(false);
    expect(visit.isDue(performance.now() + 60_001)).toBe(true);
    expect(letOut).not.toHaveBeenCalled();
  });

  it('ends once, with the reason of its pass', async () => {
    const { visits, visit, letOut } = begin(() => Promise.resolve('not-a-member'));
    visit.begin(letOut);
    await visit.look();
    await visit.look();
    visit.finish('login-ended');
    expect(letOut.mock.calls).toEqual([['not-a-member']]);
    expect(visits.all()).toEqual([]);
  });

  it('is not let out after its visitor left', async () => {
    const { visit, letOut } = begin(() => Promise.resolve('not-a-member'));
    visit.begin(letOut);
    visit.end();
    await visit.look();
    visit.finish('login-ended');
    expect(letOut).not.toHaveBeenCalled();
  });

  it('is due at once when its pass is over, without a question', async () => {
    const ending = vi.fn(() => Promise.resolve(undefined));
    const { visit, letOut } = begin(ending, { until: Date.now() - 1 });
    visit.begin(letOut);
    expect(visit.isDue(-Infinity)).toBe(true);
    await visit.look();
    expect(letOut.mock.calls).toEqual([['login-ended']]);
    expect(ending).not.toHaveBeenCalled();
  });

  it('outlives two looks that cannot tell, and not a third in a row', async () => {
    const answers: (LettingOut | undefined | Error)[] = [new Error(), new Error(), undefined];
    answers.push(new Error(), new Error(), new Error());
    const { visit, letOut } = begin(() => {
      const answer = answers.shift();
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    });
    visit.begin(letOut);
    for (let n = 0; n < 5; n += 1) await visit.look();
    expect(letOut).not.toHaveBeenCalled();
    await visit.look();
    expect(letOut.mock.calls).toEqual([['unconfirmed']]);
  });

  it('is looked at once more when something happened during a look', async () => {
    const answers: ((reason: LettingOut | undefined) => void)[] = [];
    const { visit, letOut } = begin(() => new Promise((resolve) => answers.push(resolve)));
    visit.begin(letOut);
    const first = visit.look();
    await visit.look();
    expect(answers).toHaveLength(1);
    answers[0]!(undefined);
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[1]!('not-a-member');
    await first;
    expect(letOut.mock.calls).toEqual([['not-a-member']]);
  });
});

import { describe, expect, it } from 'vitest';
import { GuessTurns } from '../../../src/gateway/guess-turns.js';

describe('GuessTurns', () => {
  it.each([1, 3])(
    'lets %i of one address be looked at at once, in their order, whatever becomes of them',
    async (width) => {
      const turns = new GuessTurns(width);
      const order: number[] = [];
      let busy = 0;
      let most = 0;
      const guess = async (n: number) => {
        busy += 1;
        most = Math.max(most, busy);
        order.push(n);
        await new Promise((resolve) => setImmediate(resolve));
        busy -= 1;
        if (n % 2 === 1) throw new Error(`guess ${n}`);
        return n;
      };
      const outcomes = await Promise.allSettled(
        Array.from({ length: 9 }, (_, n) => turns.next('here', () => guess(n))),
      );
      expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(most).toBe(width);
      expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(order.map((n) => n % 2 === 0));
      // Nobody is left waiting in front of an empty place.
      expect(await turns.next('here', () => Promise.resolve('again'))).toBe('again');
    },
  );

  it('does not let one address wait for another', async () => {
    const turns = new GuessTurns(1);
    let finish: () => void = () => undefined;
    const slow = turns.next('there', () => new Promise<void>((resolve) => (finish = resolve)));
    expect(await turns.next('here', () => Promise.resolve('quick'))).toBe('quick');
    finish();
    await slow;
  });
});

import { describe, expect, it } from 'vitest';
import { WakeSignal } from '../../../src/queue/wake-signal.js';

const forever = 2 ** 30;

describe('the wake signal', () => {
  it('ends a sleep', async () => {
    const signal = new WakeSignal();
    const sleep = signal.sleep(forever);
    signal.ring();
    signal.ring();
    await sleep;
  });

  it('keeps a ring that comes before the sleep, once', async () => {
    const signal = new WakeSignal();
    signal.ring();
    signal.ring();
    await signal.sleep(forever);
    let woken = false;
    const second = signal.sleep(forever).then(() => (woken = true));
    await new Promise(setImmediate);
    expect(woken).toBe(false);
    signal.ring();
    await second;
  });

  it('wakes by itself when the time is over', async () => {
    await new WakeSignal().sleep(1);
  });
});

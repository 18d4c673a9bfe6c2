import { describe, expect, it } from 'vitest';
import { PullWaiters } from '../../../src/queue/pull-waiters.js';

const forever = 3_600_000;
const staying = new AbortController().signal;

describe('those who wait for something to fetch', () => {
  it('are woken one by one, the longest sleeper first', async () => {
    const waiters = new PullWaiters(5);
    const woken: string[] = [];
    const sleep = (name: string) => waiters.sleep(forever, staying, 0).then(() => woken.push(name));
    const both = [sleep('first'), sleep('second')];
    waiters.ring();
    await both[0];
    expect(woken).toEqual(['first']);
    waiters.ring();
    await both[1];
    expect(woken).toEqual(['first', 'second']);
  });

  it('do not sleep when somebody rang since they looked', async () => {
    const waiters = new PullWaiters(5);
    const heard = waiters.rings;
    waiters.ring();
    await waiters.sleep(forever, staying, heard);
    await waiters.sleep(1, staying, waiters.rings);
    expect(waiters.rings).toBe(heard + 1);
  });

  it('end with their signal, and are bounded', async () => {
    const waiters = new PullWaiters(1);
    const leaving = new AbortController();
    const sleeping = waiters.sleep(forever, leaving.signal, 0);
    expect(waiters.open).toBe(false);
    leaving.abort();
    await sleeping;
    expect(waiters.open).toBe(true);
    await waiters.sleep(forever, leaving.signal, 0);
  });
});

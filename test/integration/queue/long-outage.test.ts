import { describe, expect, it, vi } from 'vitest';
import { passTime } from '../../support/pass-time.js';
import { aNotification, nobodysFault, QueueBench, untilState } from './queue-fixture.js';

describe('an outage of a day', () => {
  const bench = new QueueBench();

  it('costs no notification a try, over a restart every hour, and each arrives once afterwards', async () => {
    bench.sender.answer = () => nobodysFault;
    const inputs = Array.from({ length: 20 }, (_, index) => ({
      ...aNotification,
      target: { userId: String(100_000_000 + (index % 5)) },
      message: { content: String(index) },
    }));
    const published = await bench.observer.queue.publishAll(inputs);
    for (let hour = 1; hour <= 24; hour += 1) {
      const before = bench.sender.sendings.length;
      const running = await bench.start();
      await vi.waitFor(() => expect(bench.sender.sendings.length).toBeGreaterThan(before), { timeout: 10_000 });
      await bench.stop(running);
      await passTime(bench.observer.database, 3_600);
    }
    const rows = await bench.rows<{ state: string; attempts: number }>('select state, attempts from notifications');
    expect(rows).toEqual(inputs.map(() => ({ state: 'pending', attempts: 0 })));
    bench.sender.reset();
    const running = await bench.start();
    for (const { id } of published) {
      const { attempts } = await untilState(running, id, 'delivered');
      // However often it was tried, an outage is one note.
      expect(attempts.map(({ outcome }) => outcome).filter((outcome) => outcome !== 'postponed')).toEqual(['sent']);
      expect(attempts.length).toBeLessThanOrEqual(2);
    }
    expect(bench.sender.sendings.map(({ message }) => Number(message.content)).sort((a, b) => a - b)).toEqual(
      inputs.map((_, index) => index),
    );
  }, 120_000);
});

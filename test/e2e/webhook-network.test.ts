import { describe, expect, it } from 'vitest';
import { WebhookBench } from '../support/webhook-bench.js';

describe('an endpoint whose name leads inside', () => {
  const bench = new WebhookBench({ WEBHOOK_ALLOW_NETWORKS: '', QUEUE_RETRY_SCHEDULE: '1' });

  it('is taken, since nobody knows where a name leads tomorrow, and never connected to', async () => {
    const { id: endpoint } = await bench.create(bench.receiver.url('localhost'));
    const dead = await bench.untilState(await bench.publish(endpoint), 'dead');
    const why = 'its name leads to no address of the public internet (WEBHOOK_ALLOW_NETWORKS allows more)';
    expect(dead.reason).toBe(`The endpoint was not reached: ${why}.`);
    expect(dead.attempts).toHaveLength(2);
    expect(bench.receiver.connections).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { aNotification, QueueBench, untilState } from './queue-fixture.js';

const gone = new AbortController().signal;
const fallback = { channelId: '200000000000000002' };
const token = 'a-secret-of-nobody-else';
const byWebhook = { webhookUrl: `hook:300000000000000001/${token}` };
const pulled = { ...aNotification, delivery: 'pull' as const };

describe('a pulled notification with another target', () => {
  const bench = new QueueBench();
  const take = async () => (await bench.observer.pull.claim({ limit: 1, leaseSeconds: 60 }, gone)).rows[0];

  it('turns to it when its consumer says that no other try can help, and is to be fetched again', async () => {
    const { id } = await bench.observer.queue.publish({ ...pulled, fallback });
    const first = await take();
    const refused = { sent: false, permanent: true, reason: 'closed', token: first!.leaseToken! };
    expect(await bench.observer.pull.mark(id, refused)).toBe('pending');
    expect(await bench.observer.queue.get(id)).toMatchObject({
      target: fallback,
      fallback: null,
      attempts: [{ attempt: 1, outcome: 'refused', reason: 'closed' }],
    });
    const second = await take();
    expect(second).toMatchObject({ id, target: fallback, attempts: 0 });
    // There is no third one.
    const again = { sent: false, permanent: true, reason: 'closed too', token: second!.leaseToken! };
    expect(await bench.observer.pull.mark(id, again)).toBe('dead');
  });

  it('turns to it after its last try, and is pushed where no consumer could go', async () => {
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1' });
    const { id } = await running.queue.publish({ ...pulled, fallback: byWebhook });
    await bench.rows('update notifications set attempts = 1');
    const { leaseToken } = (await take())!;
    expect(await running.pull.mark(id, { sent: false, reason: 'x', token: leaseToken! })).toBe('pending');
    await untilState(running, id, 'delivered');
    expect(bench.sender.sendings).toMatchObject([{ webhook: { id: '300000000000000001', token } }]);
    expect(JSON.stringify(await bench.rows('select * from notifications'))).not.toContain(token);
  });

  it('turns to it when its consumers fall silent', async () => {
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1', QUEUE_POLL_SECONDS: '1' });
    const { id } = await running.queue.publish({ ...pulled, fallback: byWebhook });
    await bench.rows('update notifications set attempts = 1');
    await take();
    await bench.rows(`update notifications set lease_until = now()`);
    const { attempts } = await untilState(running, id, 'delivered');
    expect(attempts).toMatchObject([
      { attempt: 2, outcome: 'abandoned' },
      { attempt: 1, outcome: 'sent' },
    ]);
  });

  it.each([
    ['delivered', true],
    ['dead', false],
  ])('keeps no secret once it is %s', async (_state, sent) => {
    const { id } = await bench.observer.queue.publish({ ...pulled, fallback: byWebhook });
    if (!sent) await bench.rows('update notifications set fallback = null');
    const { leaseToken } = (await take())!;
    await bench.observer.pull.mark(id, { sent, permanent: !sent, reason: 'x', token: leaseToken! });
    expect(await bench.rows('select fallback_secret from notifications')).toEqual([{ fallback_secret: null }]);
  });

  it('is not turned while it has tries left, or when nobody wants it any more', async () => {
    const { id } = await bench.observer.queue.publish({ ...pulled, fallback });
    const { leaseToken } = (await take())!;
    await bench.observer.pull.mark(id, { sent: false, reason: 'x', token: leaseToken! });
    expect(await bench.observer.queue.get(id)).toMatchObject({ target: pulled.target, fallback });
    await bench.rows('update notifications set expires_at = now()');
    await bench.observer.pull.look({ limit: 1 });
    expect(await bench.observer.queue.get(id)).toMatchObject({ state: 'dead', target: pulled.target });
  });
});

import { describe, expect, it, vi } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { RetentionRepository } from '../../../src/queue/operations/retention.repository.js';
import { countByState, TallyRepository } from '../../../src/queue/operations/tally.repository.js';
import { aNotification, failure, guildId, QueueBench, refusal, untilState } from './queue-fixture.js';

/** Longer than any test: what happens in time happens for another reason than the poll. */
const noPoll = { QUEUE_POLL_SECONDS: '3600' };

const channelId = '200000000000000001';
const webhookId = '300000000000000001';
const token = 'a-secret-of-nobody-else';
const toChannel = { ...aNotification, target: { channelId } };
const toWebhook = { ...aNotification, target: { webhookUrl: `hook:${webhookId}/${token}` } };
const lost: SendOutcome = { kind: 'unknown', reason: 'The answer was lost.' };

describe('a notification to a channel', () => {
  const bench = new QueueBench();

  it('goes into the channel, with the nonce of its row, and again after a failure', async () => {
    bench.sender.answer = (_, count) => (count === 1 ? failure : { kind: 'sent', messageId: '1' });
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1' });
    const { id } = await running.queue.publish(toChannel);
    expect(await untilState(running, id, 'delivered')).toMatchObject({ target: { channelId } });
    const [row] = await bench.rows<{ nonce: string }>('select nonce from notifications');
    expect(bench.sender.sendings).toMatchObject([
      { channelId, nonce: row!.nonce },
      { channelId, nonce: row!.nonce },
    ]);
  });
});

describe('a notification by webhook', () => {
  const bench = new QueueBench();
  const kept = () => bench.rows<{ secret: string | null }>('select target_secret as secret from notifications');

  it('goes out by the webhook, and its token is neither shown nor kept after that', async () => {
    const { id } = await bench.observer.queue.publish(toWebhook);
    const view = await bench.observer.queue.get(id);
    expect(view.target).toEqual({ webhookId });
    expect(JSON.stringify(view)).not.toContain(token);
    expect(await kept()).toEqual([{ secret: token }]);
    const running = await bench.start(noPoll);
    const delivered = await untilState(running, id, 'delivered');
    expect(JSON.stringify(delivered)).not.toContain(token);
    expect(bench.sender.sendings).toMatchObject([{ webhook: { id: webhookId, token } }]);
    expect(await kept()).toEqual([{ secret: null }]);
    expect(JSON.stringify(await bench.rows('select * from notifications'))).not.toContain(token);
  });

  it('keeps its token while it may be tried again, also when it is dead', async () => {
    bench.sender.answer = (_, count) => (count === 1 ? failure : refusal);
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1' });
    const { id } = await running.queue.publish(toWebhook);
    await untilState(running, id, 'dead');
    expect(bench.sender.sendings).toMatchObject([{ webhook: { token } }, { webhook: { token } }]);
    expect(await kept()).toEqual([{ secret: token }]);
    expect(JSON.stringify(await bench.observer.queue.get(id))).not.toContain(token);
  });

  it('is refused at the door when its address is no webhook’s, without a word of the address', async () => {
    const wrong = bench.observer.queue.publish({ ...toWebhook, target: { webhookUrl: `hoo:${webhookId}/${token}` } });
    await expect(wrong).rejects.toMatchObject({
      code: 'request.invalid',
      details: { errors: [{ path: 'target.webhookUrl' }] },
    });
    const error: unknown = await wrong.catch((fault: unknown) => fault);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(token);
    expect(await kept()).toEqual([]);
  });

  it('is another one with another token, for an idempotency key', async () => {
    const first = await bench.observer.queue.publish({ ...toWebhook, idempotencyKey: 'k' });
    expect(await bench.observer.queue.publish({ ...toWebhook, idempotencyKey: 'k' })).toMatchObject({
      id: first.id,
      created: false,
    });
    const other = { ...toWebhook, target: { webhookUrl: `hook:${webhookId}/another-token` } };
    await expect(bench.observer.queue.publish({ ...other, idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'idempotency.mismatch',
    });
  });

  it('ends as unknown when its answer was lost, and is not sent a second time', async () => {
    bench.sender.answer = () => lost;
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1', QUEUE_POLL_SECONDS: '1' });
    const { id } = await running.queue.publish(toWebhook);
    expect(await untilState(running, id, 'unknown')).toMatchObject({
      reason: 'The answer was lost.',
      nextAttemptAt: null,
      deliveredAt: null,
      attempts: [{ attempt: 1, outcome: 'unknown', reason: 'The answer was lost.' }],
    });
    bench.sender.answer = () => ({ kind: 'sent', messageId: '1' });
    await untilState(running, (await running.queue.publish(toWebhook)).id, 'delivered');
    expect(bench.sender.sendings).toHaveLength(2);
    expect(await kept()).toEqual([{ secret: token }, { secret: null }]);
  });

  it('lets the others wait when its answer was lost, lest they get lost one after the other', async () => {
    const times: number[] = [];
    bench.sender.answer = () => {
      times.push(performance.now());
      return times.length < 3 ? lost : { kind: 'sent', messageId: '1' };
    };
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) ids.push((await bench.observer.queue.publish(toWebhook)).id);
    const running = await bench.start({ QUEUE_CONCURRENCY: '1' });
    for (const [n, id] of ids.entries()) await untilState(running, id, n < 2 ? 'unknown' : 'delivered');
    // Timers may fire a little early.
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(1_990);
  });

  it('ends as unknown when its channel breaks amid the sending', async () => {
    bench.sender.answer = () => {
      throw new Error('broken');
    };
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1' });
    const { id } = await running.queue.publish(toWebhook);
    expect(await untilState(running, id, 'unknown')).toMatchObject({
      reason: 'the discord-webhook channel failed; whether the message arrived cannot be known',
    });
    expect(bench.sender.sendings).toHaveLength(1);
  });

  it('ends as unknown when the process that sent it died, and is not sent a second time', async () => {
    const { id } = await bench.observer.queue.publish(toWebhook);
    const [claimed] = await bench.observer.leases.claim(1, 1);
    expect(claimed).toMatchObject({ begun: false, secret: token });
    expect(await bench.observer.leases.begin(claimed!)).toBe(true);
    const running = await bench.start(noPoll);
    expect(await untilState(running, id, 'unknown')).toMatchObject({
      attempts: [{ outcome: 'abandoned' }, { outcome: 'unknown' }],
    });
    expect(bench.sender.sendings).toEqual([]);
  });

  it('is sent when the process that claimed it died before it sent', async () => {
    const { id } = await bench.observer.queue.publish(toWebhook);
    await bench.observer.leases.claim(1, 1);
    const running = await bench.start(noPoll);
    await untilState(running, id, 'delivered');
    expect(bench.sender.sendings).toHaveLength(1);
  });

  it('waits when nothing was said to anybody, and is sent once then', async () => {
    bench.sender.answer = (_, count) =>
      count === 1
        ? { kind: 'retry', reason: 'Discord cannot be reached.', burnsAttempt: false }
        : { kind: 'sent', messageId: '1' };
    const running = await bench.start(noPoll);
    const { id } = await running.queue.publish(toWebhook);
    expect((await untilState(running, id, 'delivered')).attempts).toMatchObject([
      { outcome: 'postponed' },
      { outcome: 'sent' },
    ]);
  });

  it('does not go out by the hand of one who has lost the lease', async () => {
    await bench.observer.queue.publish(toWebhook);
    const [first] = await bench.observer.leases.claim(1, 60);
    await bench.rows(`update notifications set lease_until = now() - interval '1 second'`);
    const [second] = await bench.observer.leases.claim(1, 60);
    expect(await bench.observer.leases.begin(first!)).toBe(false);
    expect(await bench.observer.leases.begin(second!)).toBe(true);
  });

  it('tells the room its end and what kind of target it has, and neither which nor its token', async () => {
    const running = await bench.start();
    await running.queue.publish({ ...toWebhook, guildId });
    await running.queue.publish({ ...toChannel, guildId });
    await vi.waitFor(() => expect(running.events).toHaveLength(4), { timeout: 15_000 });
    expect(new Set(running.events.map(({ data }) => (data as { target: string }).target))).toEqual(
      new Set(['webhook', 'channel']),
    );
    bench.sender.answer = () => lost;
    await running.queue.publish({ ...toWebhook, guildId });
    await vi.waitFor(() => expect(running.events).toHaveLength(6), { timeout: 15_000 });
    expect(running.events[5]).toMatchObject({
      type: 'notification.unknown',
      data: { target: 'webhook', attempts: 1, reason: 'The answer was lost.' },
    });
    const told = JSON.stringify(running.events);
    for (const secret of [token, webhookId, channelId]) expect(told).not.toContain(secret);
  });

  it('is deleted with the others when its time is over', async () => {
    bench.sender.answer = () => lost;
    const running = await bench.start();
    const { id } = await running.queue.publish(toWebhook);
    await untilState(running, id, 'unknown');
    const retention = new RetentionRepository(bench.observer.database);
    expect(await retention.deleteEnded('unknown', 7)).toBe(0);
    await bench.rows(`update notifications set dead_at = now() - interval '8 days'`);
    expect(await retention.deleteEnded('unknown', 7)).toBe(1);
  });

  it('is counted among the others', async () => {
    bench.sender.answer = () => lost;
    const running = await bench.start();
    await untilState(running, (await running.queue.publish(toWebhook)).id, 'unknown');
    const { tallies } = await new TallyRepository(bench.observer.database).standing();
    expect(countByState(tallies)).toEqual({
      pending: 0,
      leased: 0,
      delivered: 0,
      dead: 0,
      unknown: 1,
      superseded: 0,
    });
  });
});

import { describe, expect, it, vi } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { aNotification, failure, guildId, nobodysFault, QueueBench, refusal, untilState } from './queue-fixture.js';

/** Longer than any test: what happens in time happens for another reason than the poll. */
const noPoll = { QUEUE_POLL_SECONDS: '3600' };

describe('what becomes of a notification', () => {
  const bench = new QueueBench();

  it('delivers the rendered message once, woken by the publishing', async () => {
    const running = await bench.start(noPoll);
    for (let round = 1; round <= 3; round += 1) {
      const { id } = await running.queue.publish(aNotification);
      const view = await untilState(running, id, 'delivered');
      expect(view).toMatchObject({ attempts: [{ attempt: 1, outcome: 'sent' }], nextAttemptAt: null, reason: null });
      expect(view.deliveredAt).not.toBeNull();
      expect(bench.sender.sendings).toHaveLength(round);
    }
    expect(bench.sender.sendings[0]).toMatchObject({
      userId: '100000000000000001',
      message: { embeds: [{ title: '❌ Error en Backup', description: '```\ndisk full\n```' }] },
    });
    expect(await bench.rows('select message_id from notifications order by id')).toEqual([
      { message_id: '10001' },
      { message_id: '10002' },
      { message_id: '10003' },
    ]);
  });

  it('tries a failed notification again on the schedule, then gives it up', async () => {
    bench.sender.answer = () => failure;
    const running = await bench.start({ ...noPoll, QUEUE_RETRY_SCHEDULE: '1,1' });
    const { id } = await running.queue.publish({ ...aNotification, guildId });
    const view = await untilState(running, id, 'dead');
    expect(view).toMatchObject({ reason: 'Discord stumbled.', nextAttemptAt: null, deliveredAt: null });
    expect(view.attempts.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [3, 'failed'],
    ]);
    const times = view.attempts.map(({ at }) => Date.parse(at));
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(999);
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(999);
    expect(new Set(bench.sender.sendings.map(({ nonce }) => nonce)).size).toBe(1);
  });

  it('gives up at once what can never arrive', async () => {
    bench.sender.answer = () => refusal;
    const running = await bench.start();
    const { id } = await running.queue.publish(aNotification);
    expect(await untilState(running, id, 'dead')).toMatchObject({
      reason: 'Discord knows no such user.',
      attempts: [{ attempt: 1, outcome: 'refused', reason: 'Discord knows no such user.' }],
    });
    expect(bench.sender.sendings).toHaveLength(1);
  });

  it('counts no try of an outage, and delivers all after it', async () => {
    let outage = true;
    bench.sender.answer = () => (outage ? nobodysFault : { kind: 'sent', messageId: '1' });
    const running = await bench.start({ ...noPoll, QUEUE_RETRY_SCHEDULE: '1', QUEUE_CONCURRENCY: '2' });
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await running.queue.publish(aNotification)).id),
    );
    await vi.waitFor(() => expect(bench.sender.sendings.length).toBeGreaterThanOrEqual(3), { timeout: 15_000 });
    // Nobody hammers a Discord that is away: the others wait untried.
    const tried = await bench.rows('select attempts, reason from notifications where reason is not null');
    expect(tried.length).toBeLessThanOrEqual(3);
    for (const row of tried) expect(row).toEqual({ attempts: 0, reason: 'Discord cannot be reached.' });
    outage = false;
    for (const id of ids) {
      const { attempts } = await untilState(running, id, 'delivered');
      expect(attempts.at(-1)).toMatchObject({ attempt: 1, outcome: 'sent' });
      expect(attempts.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    }
  });

  it('waits as long as Discord asks for one notification, while others go on', async () => {
    const asked: SendOutcome = { kind: 'retry', reason: 'slow down', burnsAttempt: false, retryAfterMs: 120_000 };
    bench.sender.answer = ({ userId }) => (userId === '10000' ? asked : { kind: 'sent', messageId: '1' });
    const running = await bench.start();
    const slow = await running.queue.publish({ ...aNotification, target: { userId: '10000' } });
    const waiting = await vi.waitFor(async () => {
      const view = await running.queue.get(slow.id);
      expect(view.attempts).toMatchObject([{ outcome: 'postponed', reason: 'slow down' }]);
      return view;
    });
    const wait = Date.parse(waiting.nextAttemptAt!) - Date.parse(waiting.attempts[0]!.at);
    expect(Math.abs(wait - 120_000)).toBeLessThan(10);
    const { id } = await running.queue.publish(aNotification);
    await untilState(running, id, 'delivered');
  });

  it('takes an error of the channel for a failed try', async () => {
    bench.sender.answer = (_, count) => {
      if (count === 1) throw new Error('secret detail');
      return { kind: 'sent', messageId: '1' };
    };
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1' });
    const { id } = await running.queue.publish(aNotification);
    expect((await untilState(running, id, 'delivered')).attempts).toMatchObject([
      { outcome: 'failed', reason: 'the discord-dm channel failed' },
      { outcome: 'sent' },
    ]);
  });

  it('tells the room of the guild every state in order', async () => {
    bench.sender.answer = (_, count) => (count === 1 ? failure : { kind: 'sent', messageId: '1' });
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1' });
    const { id } = await running.queue.publish({ ...aNotification, guildId });
    await running.queue.publish(aNotification);
    await vi.waitFor(() => expect(running.events).toHaveLength(3), { timeout: 10_000 });
    const base = { id, type: 'backup_error', target: 'user' };
    expect(running.events).toMatchObject([
      { type: 'notification.accepted', guildId, data: { ...base, attempts: 0 } },
      {
        type: 'notification.retrying',
        guildId,
        data: {
          ...base,
          attempts: 1,
          reason: 'Discord stumbled.',
          nextAttemptAt: expect.stringMatching(/Z$/) as string,
        },
      },
      { type: 'notification.delivered', guildId, data: { ...base, attempts: 2 } },
    ]);
    bench.sender.answer = () => refusal;
    await running.queue.publish({ ...aNotification, guildId, idempotencyKey: 'a' });
    await vi.waitFor(() => expect(running.events).toHaveLength(5), { timeout: 10_000 });
    expect(running.events.slice(3)).toMatchObject([
      { type: 'notification.accepted' },
      { type: 'notification.dead', data: { attempts: 1, reason: 'Discord knows no such user.' } },
    ]);
    await running.queue.publish({ ...aNotification, guildId, idempotencyKey: 'a' });
    expect(running.events).toHaveLength(5);
  });
});

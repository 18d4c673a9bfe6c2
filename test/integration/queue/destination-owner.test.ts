import { describe, expect, it, vi } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { aNotification, QueueBench, refusal } from './queue-fixture.js';

const patience = { timeout: 15_000, interval: 20 };

const bad = { userId: '100000000000000002' };
const badName = 'user:100000000000000002';
const toBad = { ...aNotification, target: bad };
const arrives: SendOutcome = { kind: 'sent', messageId: '1' };

describe('the owner of a target that is switched off', () => {
  const bench = new QueueBench();
  const ops = { channelId: '200000000000000009' };
  const route = { QUEUE_OWNER_ROUTE: 'ops' };
  const told = () => bench.rows(`select told_at from notification_destinations where told_at is not null`);
  const notices = () => bench.rows(`select from notifications where publisher = 'guildcast'`);

  /** A process for which the route leads to the operators' channel. */
  async function start() {
    const running = await bench.start({ ...route, QUEUE_POLL_SECONDS: '1' });
    const publish = running.queue.publishWith.bind(running.queue);
    const spy = vi.spyOn(running.queue, 'publishWith').mockImplementation(([input], work) => {
      const { route: name, ...notice } = input as typeof input & { route?: string };
      expect(name).toBe('ops');
      return publish([{ ...notice, target: ops }], work);
    });
    return { running, spy };
  }
  const switchOff = () =>
    bench.rows(
      `insert into notification_destinations (destination, failures, refusals, last_reason)
       values ($1, 2, 2, 'x')`,
      [badName],
    );

  it('is told once by a notification, with the reason', async () => {
    const { running } = await start();
    await switchOff();
    bench.sender.answer = ({ userId }) => (userId === bad.userId ? refusal : arrives);
    await running.queue.publish(toBad);
    await vi.waitFor(() => expect(bench.sender.sendings.at(-1)).toMatchObject(ops), patience);
    const { message } = bench.sender.sendings.at(-1)!;
    expect(JSON.stringify(message)).toContain(badName);
    expect(JSON.stringify(message)).toContain('Discord knows no such user.');
    await vi.waitFor(async () => expect(await told()).toHaveLength(1), patience);
    await Promise.all([start(), start()]);
    await running.queue.publish(aNotification);
    expect(await notices()).toHaveLength(1);
  }, 60_000);

  it('is told later what could not be told at once', async () => {
    const { running, spy } = await start();
    spy.mockRejectedValueOnce(new Error('the database is away'));
    bench.sender.answer = ({ channelId }) => (channelId === ops.channelId ? arrives : refusal);
    await switchOff();
    await running.queue.publish(toBad);
    await vi.waitFor(() => expect(spy).toHaveBeenCalledTimes(1), patience);
    expect(await told()).toEqual([]);
    await bench.rows(
      `insert into notification_destinations (destination, failures, refusals, last_reason)
       values ('user:100000000000000001', 2, 2, 'x')`,
    );
    await running.queue.publish(aNotification);
    await vi.waitFor(async () => expect(await told()).toHaveLength(2), patience);
    expect(await notices()).toHaveLength(2);
  }, 60_000);
});

import { beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../support/test-database.js';
import { aNotification, guildId, QueueBench, type RunningQueue, startQueue } from './queue-fixture.js';

describe('publishing', () => {
  const bench = new QueueBench();
  let running: RunningQueue;
  beforeEach(async () => {
    running = await bench.start({ QUEUE_MAX_PAYLOAD_BYTES: '300' }, false);
  });

  const rows = async () =>
    (await running.database.query<{ count: number }[]>('select count(*)::int from notifications'))[0]!.count;

  it('stores what was asked for', async () => {
    const published = await running.queue.publish({ ...aNotification, guildId });
    expect(published).toEqual({ id: expect.stringMatching(/^\d+$/) as string, created: true, state: 'pending' });
    expect(await running.queue.get(published.id)).toEqual({
      id: published.id,
      type: 'backup_error',
      route: null,
      target: aNotification.target,
      guildId,
      state: 'pending',
      priority: 'normal',
      groupKey: null,
      collapseKey: null,
      heldBy: null,
      fallback: null,
      expiresAt: null,
      supersededBy: null,
      attempts: [],
      createdAt: expect.stringMatching(/Z$/) as string,
      nextAttemptAt: expect.stringMatching(/Z$/) as string,
      deliveredAt: null,
      confirmedAt: null,
      reason: null,
    });
  });

  it('answers the first notification to the same key and body, also to 50 at once', async () => {
    const payloads: Record<string, unknown>[] = [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ];
    const published = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        running.queue.publish({ ...aNotification, payload: payloads[i % 2]!, idempotencyKey: 'one' }),
      ),
    );
    expect(new Set(published.map(({ id }) => id)).size).toBe(1);
    expect(published.filter(({ created }) => created)).toHaveLength(1);
    expect(await rows()).toBe(1);
  });

  it('answers the first notification after it was delivered, with its present state', async () => {
    const first = await running.queue.publish({ ...aNotification, idempotencyKey: 'one' });
    const [claimed] = await running.leases.claim(1, 60);
    await running.leases.settle(claimed!, { state: 'delivered', outcome: 'sent' });
    expect(await running.queue.publish({ ...aNotification, idempotencyKey: 'one' })).toEqual({
      id: first.id,
      created: false,
      state: 'delivered',
    });
  });

  it.each([
    { payload: { error_message: 'other' } },
    { type: 'backup_success' },
    { target: { userId: '100000000000000002' } },
    { guildId },
  ])('refuses the key for another body: %j', async (change) => {
    await running.queue.publish({ ...aNotification, idempotencyKey: 'one' });
    await expect(running.queue.publish({ ...aNotification, ...change, idempotencyKey: 'one' })).rejects.toMatchObject({
      code: 'idempotency.mismatch',
    });
    expect(await rows()).toBe(1);
  });

  it('keeps the keys of publishers apart, and stores each notification without a key', async () => {
    await running.queue.publish({ ...aNotification, idempotencyKey: 'one' });
    await running.queue.publish({ ...aNotification, idempotencyKey: 'one', publisher: 'other', type: 'x' });
    await running.queue.publish(aNotification);
    await running.queue.publish(aNotification);
    expect(await rows()).toBe(4);
    const nonces = await bench.rows('select distinct nonce from notifications');
    expect(nonces).toHaveLength(4);
  });

  it('refuses a payload that is too large in bytes, and one that is nested too deep', async () => {
    const payloadOf = (text: string) => ({ ...aNotification, payload: { a: text } });
    await running.queue.publish(payloadOf('é'.repeat(146)));
    await expect(running.queue.publish(payloadOf('é'.repeat(147)))).rejects.toMatchObject({
      code: 'request.too_large',
    });
    const deep = JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)) as Record<string, unknown>;
    await expect(running.queue.publish({ ...aNotification, payload: deep })).rejects.toMatchObject({
      code: 'request.invalid',
    });
    expect(await rows()).toBe(1);
  });

  it('stores texts that the database would refuse', async () => {
    const { id } = await running.queue.publish({ ...aNotification, payload: { 'a\u0000': 'x\u0000\ud800😀' } });
    const [stored] = await bench.rows('select payload from notifications where id = $1', [id]);
    expect(stored).toEqual({ payload: { 'a\ufffd': 'x\ufffd\ufffd😀' } });
  });

  it.each(['0', '-1', '1.5', 'abc', '1; drop table notifications', '9'.repeat(18), '9'.repeat(40), ''])(
    'knows no notification %j',
    async (id) => {
      await expect(running.queue.get(id)).rejects.toMatchObject({ code: 'notification.not_found' });
    },
  );

  it('shows a notification to its publisher alone', async () => {
    const { id } = await running.queue.publish(aNotification);
    expect(await running.queue.get(id, 'tester')).toMatchObject({ id });
    await expect(running.queue.get(id, 'other')).rejects.toMatchObject({ code: 'notification.not_found' });
  });

  it('says that the service is unavailable while the database is away', async () => {
    const database = await createTestDatabase();
    const orphan = await startQueue(database.url, { worker: false });
    await database.drop();
    await expect(orphan.queue.publish({ ...aNotification, guildId })).rejects.toMatchObject({
      code: 'service.unavailable',
      details: { retryAfter: 5 },
    });
    await expect(orphan.queue.get('1')).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(orphan.events).toEqual([]);
    await orphan.close();
  });
});

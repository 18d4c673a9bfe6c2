import { describe, expect, it, vi } from 'vitest';
import { OperationsBench, person } from './operations-bench.js';
import { aNotification, failure, guildId, refusal, untilState } from './queue-fixture.js';

describe('a retry', { timeout: 60_000 }, () => {
  const bench = new OperationsBench();
  const row = async (id: string) =>
    (await bench.rows<Record<string, unknown>>('select * from notifications where id = $1', [id]))[0]!;

  it('makes a dead one new, and tells its room', async () => {
    bench.sender.answer = () => refusal;
    const running = await bench.start();
    const { id } = await running.queue.publish({ ...aNotification, guildId, expiresAt: '2090-01-01T00:00:00Z' });
    await untilState(running, id, 'dead');
    await bench.stop(running);
    await bench.observer.inspection.retry(id, false);
    expect(await row(id)).toMatchObject({
      state: 'pending',
      attempts: 0,
      reason: null,
      expires_at: null,
      dead_at: null,
      held: null,
    });
    await vi.waitFor(() =>
      expect(bench.observer.events).toMatchObject([{ type: 'notification.retrying', data: { id, attempts: 0 } }]),
    );
  });

  it('delivers again by a webhook, whose token was kept, and shows it to nobody', async () => {
    bench.sender.answer = (_, count) => (count === 1 ? refusal : { kind: 'sent', messageId: '1' });
    const running = await bench.start();
    const { id } = await running.queue.publish({
      ...aNotification,
      target: { webhookUrl: 'hook:300000/very-secret' },
      idempotencyKey: 'k',
    });
    await untilState(running, id, 'dead');
    expect(JSON.stringify([await bench.operations.find(id), await bench.operations.list({ limit: 5 })])).not.toContain(
      'very-secret',
    );
    await running.inspection.retry(id, false);
    await untilState(running, id, 'delivered');
    expect(bench.sender.sendings).toMatchObject([
      { webhook: { token: 'very-secret' } },
      { webhook: { token: 'very-secret' } },
    ]);
    expect(JSON.stringify(await row(id))).not.toContain('very-secret');
  });

  it('keeps the secret of a fallback for as long, and goes there again', async () => {
    bench.sender.answer = (sending) => (sending.webhook ? failure : refusal);
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '600' });
    const { id } = await running.queue.publish({
      ...aNotification,
      fallback: { webhookUrl: 'hook:300000/very-secret' },
    });
    await vi.waitFor(() => expect(bench.sender.sendings).toHaveLength(2));
    await bench.stop(running);
    await bench.rows(`update notifications set state = 'dead', dead_at = now() where id = $1`, [id]);
    await bench.observer.inspection.retry(id, false);
    expect(await row(id)).toMatchObject({
      state: 'pending',
      destination: 'webhook:300000',
      target_secret: 'very-secret',
    });
  });

  it('keeps the secret of a fallback that was not turned to, until it is delivered', async () => {
    const { queue, leases, inspection } = bench.observer;
    const { id } = await queue.publish({ ...aNotification, fallback: { webhookUrl: 'hook:300000/very-secret' } });
    const [first] = await leases.claim(1, 60);
    await leases.settle(first!, { state: 'dead', outcome: 'expired', reason: 'too late' });
    await inspection.retry(id, false);
    expect(await row(id)).toMatchObject({ fallback_secret: 'very-secret', fallback: { webhookId: '300000' } });
    const [second] = await leases.claim(1, 60);
    await leases.settle(second!, { state: 'delivered', outcome: 'sent', messageId: '1' });
    expect(await row(id)).toMatchObject({ fallback_secret: null });
  });

  it.each([
    ['delivered', {}, 'has been delivered already'],
    ['superseded', {}, 'has given way to a newer one'],
    ['leased', { lease_until: `now() + interval '1 hour'` }, 'is being delivered right now'],
    ['dead', { target: `'{"webhookId":"300000"}'` }, 'goes to a target whose secret is gone: publish it again'],
  ])('leaves one that is %s %j alone', async (state, columns, why) => {
    const [id] = await bench.seed(1, state, columns);
    const before = await row(id!);
    await expect(bench.observer.inspection.retry(id!, false)).rejects.toMatchObject({
      code: 'request.conflict',
      message: `This notification ${why}.`,
    });
    expect(await row(id!)).toEqual(before);
  });

  it('leaves the old content of a board alone', async () => {
    const [old] = await bench.seed(1, 'dead', { collapse_key: `'board'` });
    await bench.seed(1, 'delivered', { collapse_key: `'another'` });
    await bench.observer.inspection.retry(old!, false);
    await bench.rows(`update notifications set state = 'dead' where id = $1`, [old]);
    await bench.seed(1, 'delivered', { collapse_key: `'board'` });
    await expect(bench.observer.inspection.retry(old!, false)).rejects.toMatchObject({
      message: 'This notification has been followed by a newer one with its collapse key.',
    });
  });

  it('of one that waits keeps what holds it back', async () => {
    const [id] = await bench.seed(1, 'pending', { held: `'off'`, attempts: '3' });
    await bench.observer.inspection.retry(id!, false);
    expect(await row(id!)).toMatchObject({ held: 'off', attempts: 0 });
    const [ended] = await bench.seed(1, 'dead', { held: `'off'` });
    await bench.observer.inspection.retry(ended!, false);
    expect(await row(ended!)).toMatchObject({ held: null });
  });

  it('knows people alone for the dialect', async () => {
    const [id] = await bench.seed(1, 'dead', { target: `'{"channelId":"200000"}'` });
    await expect(bench.observer.inspection.retry(id!)).rejects.toMatchObject({ code: 'notification.not_found' });
    await bench.observer.inspection.retry(id!, false);
  });

  it('stands behind an earlier one of its group', async () => {
    const [first] = await bench.seed(1, 'dead', { group_key: `'g'` });
    await bench.seed(1, 'pending', { group_key: `'g'` });
    const [third] = await bench.seed(1, 'dead', { group_key: `'g'` });
    await bench.observer.inspection.retry(third!, false);
    await bench.observer.inspection.retry(first!, false);
    expect([(await row(first!)).behind, (await row(third!)).behind]).toEqual([false, true]);
  });
});

describe('lists of notifications', { timeout: 60_000 }, () => {
  const bench = new OperationsBench();
  const ids = async (page: Parameters<typeof bench.listing.list>[0]) =>
    (await bench.listing.list(page)).rows.map(({ id }) => id);

  it('go back page by page, by every filter', async () => {
    const dead = await bench.seed(5, 'dead', { type: `case n % 2 when 0 then 'even' else 'odd' end` });
    const delivered = await bench.seed(3, 'delivered', { route: `'ops'`, publisher: `'another'` });
    const pending = await bench.seed(2, 'pending', { target: `'{"channelId":"200000"}'` });
    const all = [...dead, ...delivered, ...pending].reverse();
    expect(await ids({ limit: 200 })).toEqual(all);
    const seen: string[] = [];
    for (let before: string | undefined; ;) {
      const { rows, next } = await bench.listing.list({ limit: 3, before });
      seen.push(...rows.map(({ id }) => id));
      if (next === null) break;
      before = next;
    }
    expect(seen).toEqual(all);
    expect(await ids({ state: 'dead', limit: 2 })).toEqual([dead[4], dead[3]]);
    expect(await ids({ state: 'dead', limit: 9, before: dead[3] })).toEqual([dead[2], dead[1], dead[0]]);
    expect(await ids({ state: 'dead', type: 'even', limit: 9 })).toEqual([dead[3], dead[1]]);
    expect(await ids({ type: 'odd', limit: 9, before: dead[4] })).toEqual([dead[2], dead[0]]);
    expect(await ids({ state: 'delivered', limit: 9 })).toEqual([...delivered].reverse());
    expect(await ids({ route: 'ops', publisher: 'another', limit: 9 })).toEqual([...delivered].reverse());
    expect(await ids({ publisher: 'nobody', limit: 9 })).toEqual([]);
    expect(await ids({ destination: 'channel:200000', state: 'pending', limit: 9 })).toEqual([...pending].reverse());
    expect(await ids({ destination: `user:${person}`, state: 'pending', limit: 9 })).toEqual([]);
    for (const state of ['leased', 'unknown', 'superseded'] as const)
      expect(await ids({ state, limit: 9 })).toEqual([]);
  });

  it.each([undefined, 'delivered', 'dead'] as const)(
    'look at 10 000 rows for a page, of state %s, and say where to go on',
    async (state) => {
      const [oldest] = await bench.seed(1, state ?? 'delivered', { type: `'rare'` });
      await bench.seed(12_000, state ?? 'delivered');
      const [newest] = await bench.seed(1, state ?? 'delivered', { type: `'rare'` });
      const first = await bench.listing.list({ state, type: 'rare', limit: 50 });
      expect(first.rows.map(({ id }) => id)).toEqual([newest]);
      expect(first.next).not.toBeNull();
      const second = await bench.listing.list({ state, type: 'rare', limit: 50, before: first.next! });
      expect(second).toMatchObject({ rows: [{ id: oldest }], next: null });
      expect(await bench.listing.list({ state, type: 'none', limit: 50, before: oldest })).toEqual({
        rows: [],
        next: null,
      });
    },
  );

  it('show all of one, but for its secrets', async () => {
    const { id } = await bench.observer.queue.publish({
      ...aNotification,
      target: { webhookUrl: 'hook:300000/very-secret' },
      fallback: { webhookUrl: 'hook:300001/other-secret' },
      groupKey: 'g',
      idempotencyKey: 'k-1',
      priority: 'high',
      message: { content: 'hello' },
    });
    const [claimed] = await bench.observer.leases.claim(1, 60);
    const found = await bench.operations.find(id);
    expect(found).toMatchObject({
      id,
      target: { webhookId: '300000' },
      destination: 'webhook:300000',
      fallback: { webhookId: '300001' },
      payload: { error_message: 'disk full' },
      message: { content: 'hello' },
      priority: 'high',
      groupKey: 'g',
      idempotencyKey: 'k-1',
      state: 'leased',
      leaseUntil: expect.any(Date) as Date,
      tries: [],
    });
    expect(JSON.stringify(found)).not.toMatch(new RegExp(`secret|${claimed!.leaseToken}|${claimed!.nonce}`));
    await bench.observer.leases.settle(claimed!, { state: 'unknown', outcome: 'unknown', reason: 'lost' });
    expect(await bench.operations.find(id)).toMatchObject({
      state: 'unknown',
      reason: 'lost',
      tries: [{ attempt: 1, outcome: 'unknown', reason: 'lost' }],
    });
  });
});

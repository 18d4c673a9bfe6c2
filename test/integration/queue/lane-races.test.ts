import { describe, expect, it, vi } from 'vitest';
import { OperationsBench } from './operations-bench.js';
import { aNotification, guildId } from './queue-fixture.js';

const saying = (content: string) => ({ ...aNotification, message: { content } });

describe('what must go out in its order, when two are at it at once', { timeout: 60_000 }, () => {
  const bench = new OperationsBench();
  const heads = () =>
    bench.rows<{ id: string }>(`select id from notifications where state = 'pending' and not behind order by id`);
  const stateOf = async (id: string) =>
    (
      await bench.rows<{ state: string; superseded_by: string | null }>('select * from notifications where id = $1', [
        id,
      ])
    )[0]!;
  const seedLate = (id: number, columns: string, values: string) =>
    bench.rows(
      `insert into notifications (id, target, type, payload, nonce, publisher, ${columns}) overriding system value
       values (${id}, '{"userId":"1"}', 't', '{}', 'late', 'tester', ${values})`,
    );

  it('takes the turn in which it got its lane, whatever id it was given before that', async () => {
    await bench.rows(`select setval(pg_get_serial_sequence('notifications', 'id'), 10)`);
    const { id } = await bench.observer.queue.publish({ ...saying('first in'), groupKey: 'g' });
    // Had its id before the other one, and had to wait for the lane.
    await seedLate(5, 'group_key', `'g'`);
    expect(await heads()).toEqual([{ id }]);
    const [, late] = await bench.rows<{ id: string; behind: boolean }>(
      'select id, behind from notifications order by id',
    );
    expect(late).toMatchObject({ behind: true });
  });

  it('shows the one of a board that was stored last, whatever id it was given before that', async () => {
    await bench.rows(`select setval(pg_get_serial_sequence('notifications', 'id'), 10)`);
    const { id } = await bench.observer.queue.publish({ ...saying('first in'), collapseKey: 'k' });
    await seedLate(5, 'collapse_key', `'k'`);
    const all = await bench.rows<{ id: string; state: string }>('select id, state from notifications order by id');
    expect(all).toEqual([
      { id, state: 'superseded' },
      { id: expect.any(String) as string, state: 'pending' },
    ]);
  });

  it('is never two under way of a group, though an earlier one is tried anew', async () => {
    const ids = (
      await bench.observer.queue.publishAll(['1', '2', '3'].map((text) => ({ ...saying(text), groupKey: 'g' })))
    ).map(({ id }) => id);
    const { leases, inspection } = bench.observer;
    const [one] = await leases.claim(1, 60);
    await leases.settle(one!, { state: 'dead', outcome: 'refused', reason: 'no' });
    // The second one waits for its next try.
    await inspection.retry(ids[0]!, false);
    const claimed = await leases.claim(10, 60);
    expect(claimed.map(({ id }) => id)).toEqual([ids[0]]);
    await leases.settle(claimed[0]!, { state: 'delivered', outcome: 'sent' });
    expect((await leases.claim(10, 60)).map(({ id }) => id)).toEqual([ids[1]]);
  });

  it('does the same where many are redriven', async () => {
    const dead = await bench.seed(300, 'dead', { group_key: `'g'` });
    const [waiting] = await bench.seed(1, 'pending', { group_key: `'g'` });
    const [later] = await bench.seed(1, 'dead', { group_key: `'g'` });
    const job = await bench.jobs.redrive({ ofState: 'dead' });
    while ((await bench.jobRepository.step(await bench.jobs.find('redrive', job.id)))?.state === 'running');
    expect(await heads()).toEqual([{ id: dead[0] }]);
    expect(await bench.rows('select from notifications where behind')).toHaveLength(301);
    expect([waiting, later]).not.toContain(undefined);
  });

  it('leaves the old content of a board alone when a newer one is being stored at that moment', async () => {
    const [old] = await bench.seed(1, 'dead', { collapse_key: `'k'` });
    let newer = '';
    let retried: Promise<unknown> = Promise.resolve();
    await bench.observer.queue.publishWith([{ ...aNotification, collapseKey: 'k' }], async (_manager, [published]) => {
      newer = published!.id;
      retried = bench.observer.inspection.retry(old!, false).then(
        () => 'retried',
        (error: Error) => error.message,
      );
      await vi.waitFor(
        async () =>
          expect(await bench.rows(`select from pg_locks where locktype = 'advisory' and not granted`)).not.toHaveLength(
            0,
          ),
        { timeout: 10_000 },
      );
    });
    expect(await retried).toBe('This notification has been followed by a newer one with its collapse key.');
    expect(await heads()).toEqual([{ id: newer }]);
    expect(await stateOf(old!)).toMatchObject({ state: 'dead' });
  });
});

describe('the retry of one whose process fell silent', { timeout: 60_000 }, () => {
  const bench = new OperationsBench();
  const row = async (id: string) =>
    (await bench.rows<Record<string, unknown>>('select * from notifications where id = $1', [id]))[0]!;
  const lapse = () =>
    bench.rows(`update notifications set lease_until = now() - interval '1 second' where state = 'leased'`);
  const told = () => bench.observer.events.map(({ type }) => type);

  it('says that a newer one of its board has come, as its room hears', async () => {
    const board = { ...aNotification, guildId, collapseKey: 'k' };
    const { queue, leases, inspection } = bench.observer;
    const { id } = await queue.publish(board);
    await leases.claim(1, 60);
    await queue.publish(board);
    await lapse();
    await expect(inspection.retry(id, false)).rejects.toMatchObject({
      code: 'request.conflict',
      message: 'This notification has given way to a newer one.',
    });
    expect(await row(id)).toMatchObject({ state: 'superseded' });
    await vi.waitFor(() => expect(told()).toContain('notification.superseded'));
    expect(told()).not.toContain('notification.retrying');
  });

  it('says that it was delivered when Discord has told of it, as its room hears', async () => {
    const { queue, leases, inspection, sent } = bench.observer;
    const { id } = await queue.publish({ ...aNotification, guildId });
    const [claimed] = await leases.claim(1, 60);
    sent.botWrote({ messageId: '7', nonce: claimed!.nonce });
    await vi.waitFor(async () => expect((await row(id)).confirmed_at).not.toBeNull(), { timeout: 10_000 });
    await lapse();
    await expect(inspection.retry(id, false)).rejects.toMatchObject({
      code: 'request.conflict',
      message: 'This notification has been delivered already.',
    });
    expect(await row(id)).toMatchObject({ state: 'delivered', message_id: '7' });
    await vi.waitFor(() => expect(told()).toContain('notification.delivered'));
    expect(told()).not.toContain('notification.retrying');
  });

  it('sends nothing by webhook that may have arrived', async () => {
    const target = { webhookUrl: 'hook:300000/secret' };
    const { id } = await bench.observer.queue.publish({ ...aNotification, target });
    const [claimed] = await bench.observer.leases.claim(1, 60);
    await bench.observer.leases.begin(claimed!);
    await lapse();
    await bench.observer.inspection.retry(id, false);
    const running = await bench.start();
    await vi.waitFor(async () => expect(await row(id)).toMatchObject({ state: 'unknown' }), { timeout: 10_000 });
    expect(bench.sender.sendings).toEqual([]);
    // Whoever wants it in spite of that says so.
    await running.inspection.retry(id, false);
    await vi.waitFor(async () => expect(await row(id)).toMatchObject({ state: 'delivered' }), { timeout: 10_000 });
    expect(bench.sender.sendings).toHaveLength(1);
  });

  it('looks first whether the message is there', async () => {
    const { id } = await bench.observer.queue.publish(aNotification);
    await bench.observer.leases.claim(1, 60);
    await bench.rows(`update notifications set not_before = now() - interval '1 hour'`);
    await lapse();
    await bench.observer.inspection.retry(id, false);
    bench.sender.found = () => ({ kind: 'found', messageId: '7' });
    await bench.start();
    await vi.waitFor(async () => expect(await row(id)).toMatchObject({ state: 'delivered' }), { timeout: 10_000 });
    expect(bench.sender.sendings).toEqual([]);
  });
});

describe('the retry of one that a digest will tell', () => {
  const bench = new OperationsBench();

  it('leaves it to the digest, with all others of its window', async () => {
    const [id] = await bench.seed(1, 'pending', { held: `'digest'`, not_before: `now() + interval '1 hour'` });
    await bench.observer.inspection.retry(id!, false);
    const rows = await bench.rows<{ held: string; waits: boolean }>(
      'select held, not_before > now() as waits from notifications',
    );
    expect(rows).toEqual([{ held: 'digest', waits: true }]);
  });
});

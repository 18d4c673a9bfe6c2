import { describe, expect, it } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { RemoteSourcesBench } from './remote-sources-bench.js';

const patience = { timeout: 20_000, interval: 20 };
const away: SendOutcome = { kind: 'retry', reason: 'Discord cannot be reached.', burnsAttempt: false };
const refused: SendOutcome = { kind: 'permanent', reason: 'Discord knows no such user.' };

describe('a source that is only read', { timeout: 60_000 }, () => {
  const bench = new RemoteSourcesBench();

  it('is emptied: each event is sent once, in order, and marked once', async () => {
    const ids = Array.from({ length: 7 }, () => bench.reference.add());
    await bench.start({ QUEUE_CONCURRENCY: '1' });
    await expect.poll(() => bench.reference.marks, patience).toEqual(ids.map((id) => `processed ${id}`));
    expect(bench.dms.sent.map(({ userId, text }) => [userId, /n\d+/.exec(text)?.[0]])).toEqual(
      ids.map((id) => ['100000000000000001', `n${id}`]),
    );
    const { query, body, authorization } = bench.reference.asked[0]!;
    expect(Object.fromEntries(query)).toEqual({ limit: '100', lease_seconds: '900', consumer: 'guildcast' });
    expect([body, authorization]).toEqual(['', undefined]);
    // What is marked without a lease is marked without a body, as its consumers do it.
    expect(bench.reference.asked.find(({ method }) => method === 'POST')).toMatchObject({ body: '' });
  });

  it('is polled again at once while it has more, and only then', async () => {
    for (let count = 0; count < 450; count += 1) bench.reference.add();
    const running = await bench.start({ QUEUE_SOURCE_INTERVAL: '3600', QUEUE_CONCURRENCY: '50' });
    await expect.poll(() => bench.reference.marks.length, { timeout: 60_000 }).toBe(450);
    expect(new Set(bench.reference.marks).size).toBe(450);
    expect(bench.dms.sent).toHaveLength(450);
    const before = bench.reference.polls;
    expect(before).toBeLessThan(40);
    // Time passes: something else goes its whole way meanwhile.
    const target = { userId: '100000000000000002' };
    await running.queue.publish({ target, type: 'x', payload: {}, delivery: 'push', publisher: 'tester' });
    await expect.poll(() => bench.dms.sent.length, patience).toBe(451);
    expect(bench.reference.polls).toBe(before);
  }, 90_000);

  it('is not asked without end for what is taken over already', async () => {
    let tries = 0;
    bench.dms.answer = () => {
      tries += 1;
      return away;
    };
    for (let count = 0; count < 150; count += 1) bench.reference.add();
    await bench.start({ QUEUE_SOURCE_INTERVAL: '3600' });
    await expect.poll(() => bench.rows('select from notifications'), patience).toHaveLength(100);
    await expect.poll(() => bench.reference.polls, patience).toBe(2);
    // Time passes: Discord is tried again and again.
    const before = tries;
    await expect.poll(() => tries, patience).toBeGreaterThan(before + 1);
    expect(bench.reference.polls).toBe(2);
    expect(bench.reference.marks).toEqual([]);
  });

  it('gets no failed mark while Discord is away, and all marks after it', async () => {
    let outage = true;
    bench.dms.answer = () => (outage ? away : { kind: 'sent', messageId: '1' });
    const ids = [bench.reference.add(), bench.reference.add(), bench.reference.add()];
    const { sources } = await bench.start();
    // Offered at each of these polls, and the same three rows.
    await expect.poll(() => bench.reference.polls, patience).toBeGreaterThanOrEqual(4);
    expect(bench.reference.marks).toEqual([]);
    expect(await bench.rows('select from notifications')).toHaveLength(3);
    expect(await sources.status()).toMatchObject([{ state: 'ok', polled: 3, waiting: 3, untold: 0, processed: 0 }]);
    outage = false;
    await expect.poll(() => [...bench.reference.marks].sort(), patience).toEqual(ids.map((id) => `processed ${id}`));
    expect(bench.dms.sent).toHaveLength(3);
    await expect
      .poll(() => sources.status(), patience)
      .toMatchObject([{ polled: 3, waiting: 0, untold: 0, processed: 3, failed: 0 }]);
  });

  it('is told what can never arrive, until it does not offer it any more, and it is tried here once', async () => {
    let tries = 0;
    bench.dms.answer = () => {
      tries += 1;
      return refused;
    };
    const id = bench.reference.add();
    const { sources } = await bench.start();
    await expect.poll(() => bench.reference.event(id).attempts, patience).toBe(3);
    expect(bench.reference.event(id)).toMatchObject({ processed: false, error_message: 'Discord knows no such user.' });
    expect(JSON.parse(bench.reference.asked.find(({ method }) => method === 'POST')!.body)).toEqual({
      error_message: 'Discord knows no such user.',
      permanent: true,
    });
    expect(tries).toBe(1);
    expect(await bench.rows('select state from notifications')).toEqual([{ state: 'dead' }]);
    await expect.poll(() => sources.status()).toMatchObject([{ polled: 1, failed: 3, malformed: 0 }]);
  });

  it('has its event tried anew when somebody there asks for it', async () => {
    bench.dms.answer = () => refused;
    const id = bench.reference.add();
    await bench.start();
    await expect.poll(() => bench.reference.event(id).attempts, patience).toBe(3);
    bench.dms.answer = () => ({ kind: 'sent', messageId: '1' });
    bench.reference.retry(id);
    await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
    expect(bench.dms.sent).toHaveLength(1);
    expect(await bench.rows('select state from notifications')).toEqual([{ state: 'delivered' }]);
  });

  it('has it tried anew also when the notification of the first try was deleted', async () => {
    bench.dms.answer = () => refused;
    const id = bench.reference.add();
    await bench.start();
    await expect.poll(() => bench.reference.event(id).attempts, patience).toBe(3);
    await bench.rows('delete from notifications');
    bench.dms.answer = () => ({ kind: 'sent', messageId: '1' });
    bench.reference.retry(id);
    await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
    expect(bench.dms.sent).toHaveLength(1);
  });

  it('is told when a dead notification is delivered after all', async () => {
    bench.dms.answer = () => refused;
    const id = bench.reference.add();
    await bench.start();
    await expect.poll(() => bench.reference.event(id).attempts, patience).toBe(3);
    bench.dms.answer = () => ({ kind: 'sent', messageId: '1' });
    await bench.rows(`update notifications set state = 'pending', attempts = 0, not_before = now(), dead_at = null`);
    await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
  });

  it('is told that a notification was deleted before it was delivered', async () => {
    bench.dms.answer = () => away;
    const id = bench.reference.add();
    await bench.start();
    await expect.poll(() => bench.rows('select from notifications'), patience).toHaveLength(1);
    await bench.rows('delete from notifications');
    await expect
      .poll(() => bench.reference.event(id).error_message, patience)
      .toBe('it was deleted before it was delivered');
  });

  it('loses no good event to a bad one', async () => {
    const good = bench.reference.add();
    const bad = [
      bench.reference.add({ user_id: null }),
      bench.reference.add({ user_id: 'somebody' }),
      bench.reference.add({ event_type: 7 }),
      bench.reference.add({ event_type: '' }),
      bench.reference.add({ payload: 'text' }),
      bench.reference.add({ payload: [1] }),
      bench.reference.add({ payload: { text: 'x'.repeat(2_000) } }),
      bench.reference.add({ payload: JSON.parse('{"a":'.repeat(50) + '1' + '}'.repeat(50)) }),
    ];
    const odd = [
      bench.reference.add({ payload: { size_mb: Number.NaN, more: [Number.NEGATIVE_INFINITY], text: 'NaN \\" NaN' } }),
      bench.reference.add({ user_id: 100000000000001 }),
      bench.reference.add({ event_type: 'never heard of' }),
      bench.reference.add({ payload: { error_message: 'nul \u0000 half \ud800' } }),
    ];
    const { sources } = await bench.start({ QUEUE_MAX_PAYLOAD_BYTES: '1024' });
    for (const id of [good, ...odd]) await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
    for (const id of bad) await expect.poll(() => bench.reference.event(id).attempts, patience).toBe(3);
    expect(bad.map((id) => bench.reference.event(id).error_message)).toEqual([
      'user_id: must be a Discord id: 5 to 20 digits, as text',
      'user_id: must be a Discord id: 5 to 20 digits, as text',
      'event_type: must be text',
      'event_type: must be 1 to 64 characters without control characters',
      'payload: must be an object',
      'payload: must be an object',
      'The payload is larger than 1024 bytes of JSON.',
      'The payload is nested deeper than 32 levels.',
    ]);
    expect(bench.dms.sent).toHaveLength(5);
    expect(bench.dms.sent.map(({ userId }) => userId)).toContain('100000000000001');
    await expect
      .poll(() => sources.status(), patience)
      .toMatchObject([{ polled: 13, malformed: 8, processed: 5, waiting: 0 }]);
  });

  it('hears of an event that was good when it was noted, and is not any more', async () => {
    const empty = { status: 200, body: JSON.stringify({ success: true, events: [] }) };
    bench.reference.instead = (method) => (method === 'GET' ? empty : undefined);
    const { sources } = await bench.start({ QUEUE_SOURCES: `home=${bench.reference.url}` });
    const id = bench.reference.add({ user_id: 'somebody' });
    // As after a crash between the note and the queue.
    const key = `${id}@${bench.reference.event(id).created_at}`;
    await bench.rows(`insert into remote_events (source, key, remote_id) values ('home', $1, $2)`, [key, String(id)]);
    bench.reference.instead = () => undefined;
    await expect.poll(() => bench.reference.event(id).attempts, patience).toBe(3);
    await expect.poll(() => sources.status(), patience).toMatchObject([{ waiting: 0, untold: 0 }]);
  });

  it('takes what is repeated in one answer once, counts what has no id, and leaves the rest of the batch alone', async () => {
    const event = {
      id: 5,
      user_id: '100000000000000001',
      event_type: 'x',
      payload: {},
      created_at: 'then',
      attempts: 0,
    };
    const events = [event, null, 7, {}, { ...event, id: -1 }, { ...event, id: 1.5 }, { ...event, id: 'x' }, event];
    let polls = 0;
    bench.reference.instead = (method) =>
      method === 'GET'
        ? { status: 200, body: JSON.stringify({ success: true, events: polls++ === 0 ? events : [] }) }
        : undefined;
    const { sources } = await bench.start();
    await expect.poll(() => bench.reference.marks, patience).toEqual(['processed 5']);
    expect(bench.dms.sent).toHaveLength(1);
    expect(await sources.status()).toMatchObject([{ polled: 1, malformed: 6 }]);
  });

  it('counts from 1 again when its database was made anew, and these are other events', async () => {
    bench.reference.add();
    await bench.start();
    await expect.poll(() => bench.reference.marks, patience).toEqual(['processed 1']);
    bench.reference.rebuild();
    bench.reference.add();
    await expect.poll(() => bench.reference.marks, patience).toEqual(['processed 1', 'processed 1']);
    expect(bench.dms.sent).toHaveLength(2);
  });

  it('is told again, and nothing is sent again, when it has forgotten its marks', async () => {
    const id = bench.reference.add();
    await bench.start();
    await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
    bench.reference.event(id).processed = false;
    await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
    // Also long after our own row is gone, and after the event itself is forgotten here.
    await bench.rows('delete from remote_events');
    bench.reference.event(id).processed = false;
    await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
    await bench.rows('delete from notifications');
    bench.reference.event(id).processed = false;
    await expect.poll(() => bench.reference.event(id).processed, patience).toBe(true);
    expect(bench.dms.sent).toHaveLength(1);
  });
});

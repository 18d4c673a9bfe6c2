import { describe, expect, it, vi } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { aNotification, nobodysFault, QueueBench, refusal, type RunningQueue, untilState } from './queue-fixture.js';

/** Longer than any test: what happens in time happens for another reason than the poll. */
const noPoll = { QUEUE_POLL_SECONDS: '3600' };

const channelId = '200000000000000001';
const userId = '100000000000000001';
const webhookId = '300000000000000001';
const token = 'a-secret-of-nobody-else';
const gone: SendOutcome = { kind: 'permanent', reason: 'Discord knows no such message.', gone: true };

type Bench = QueueBench;
type Sending = Bench['sender']['sendings'][number];

/** A Discord with messages: what is sent by a nonce it knows is the message of before, as it was. */
class Wall {
  readonly shown = new Map<string, string>();
  readonly byNonce = new Map<string, string>();
  edits = 0;
  sends = 0;

  readonly take = ({ edits, nonce, message }: Sending): SendOutcome => {
    const text = message.content ?? '';
    if (edits !== undefined) {
      this.edits += 1;
      if (!this.shown.has(edits)) return gone;
      this.shown.set(edits, text);
      return { kind: 'sent', messageId: edits };
    }
    this.sends += 1;
    const known = nonce === undefined ? undefined : this.byNonce.get(nonce);
    if (known !== undefined) return { kind: 'sent', messageId: known };
    const messageId = String(50_000 + this.shown.size + this.sends);
    this.shown.set(messageId, text);
    if (nonce !== undefined) this.byNonce.set(nonce, messageId);
    return { kind: 'sent', messageId };
  };
}

function board(text: string, more: object = {}) {
  const message = { content: text };
  return { ...aNotification, target: { channelId }, message, collapseKey: 'status', ...more };
}

async function show(running: RunningQueue, text: string, more: object = {}): Promise<string> {
  const { id } = await running.queue.publish(board(text, more));
  await untilState(running, id, 'delivered');
  return id;
}

describe('a status board', () => {
  const bench = new QueueBench();
  const boards = () =>
    bench.rows<Record<string, unknown>>(
      'select publisher, collapse_key, destination, message_id from notification_boards order by id',
    );

  it.each([
    ['of a channel', { channelId }, `channel:${channelId}`],
    ['of direct messages', { userId }, `user:${userId}`],
    ['of a webhook', { webhookUrl: `hook:${webhookId}/${token}` }, `webhook:${webhookId}`],
  ])('%s is one message, which later notifications edit', async (_of, target, destination) => {
    const wall = new Wall();
    bench.sender.answer = wall.take;
    const running = await bench.start(noPoll);
    for (const text of ['one', 'two', 'three']) await show(running, text, { target });
    expect([...wall.shown.values()]).toEqual(['three']);
    expect(wall).toMatchObject({ sends: 1, edits: 2 });
    const [messageId] = wall.shown.keys();
    expect(await boards()).toEqual([
      { publisher: 'tester', collapse_key: 'status', destination, message_id: messageId },
    ]);
    // An edit is by the same hand as the message.
    const [first, second] = bench.sender.sendings.map(({ userId, channelId, webhook }) => ({
      userId,
      channelId,
      webhook,
    }));
    expect(second).toEqual(first);
  });

  it('is another one for another key, another destination and another publisher', async () => {
    const wall = new Wall();
    bench.sender.answer = wall.take;
    const running = await bench.start(noPoll);
    await show(running, 'one');
    await show(running, 'key', { collapseKey: 'other' });
    await show(running, 'destination', { target: { channelId: '200000000000000002' } });
    await show(running, 'publisher', { publisher: 'another' });
    expect([...wall.shown.values()]).toEqual(['one', 'key', 'destination', 'publisher']);
    expect(wall.edits).toBe(0);
    await show(running, 'one again');
    await show(running, 'key again', { collapseKey: 'other' });
    expect([...wall.shown.values()]).toEqual(['one again', 'key again', 'destination', 'publisher']);
  });

  it('takes the same content again, as an edit', async () => {
    const wall = new Wall();
    bench.sender.answer = wall.take;
    const running = await bench.start(noPoll);
    await show(running, 'same');
    await show(running, 'same');
    expect(wall).toMatchObject({ sends: 1, edits: 1 });
  });

  it('is made anew in the same try when its message is gone, and edited from then on', async () => {
    const wall = new Wall();
    bench.sender.answer = wall.take;
    const running = await bench.start(noPoll);
    await show(running, 'one');
    wall.shown.clear();
    const id = await show(running, 'two');
    expect((await running.queue.get(id)).attempts).toMatchObject([{ outcome: 'sent' }]);
    await show(running, 'three');
    expect([...wall.shown.values()]).toEqual(['three']);
    expect(wall.sends).toBe(2);
  });

  it('waits with its edit as Discord asks, and sends nothing instead', async () => {
    const wall = new Wall();
    bench.sender.answer = wall.take;
    const running = await bench.start(noPoll);
    await show(running, 'one');
    const pause: SendOutcome = { kind: 'retry', reason: 'a pause', burnsAttempt: false, retryAfterMs: 600_000 };
    bench.sender.answer = () => pause;
    const { id } = await running.queue.publish(board('two'));
    const view = await vi.waitFor(
      async () => {
        const found = await running.queue.get(id);
        expect(found.attempts).toMatchObject([{ outcome: 'postponed', reason: 'a pause' }]);
        return found;
      },
      { timeout: 15_000 },
    );
    expect(Date.parse(view.nextAttemptAt!) - Date.now()).toBeGreaterThan(500_000);
    expect(bench.sender.sendings).toHaveLength(2);
  });

  it('turns to the other target of the notification when its edit is refused for good, and has a board there', async () => {
    const wall = new Wall();
    bench.sender.answer = wall.take;
    const running = await bench.start(noPoll);
    await show(running, 'one');
    bench.sender.answer = (sending) => (sending.channelId === channelId ? refusal : wall.take(sending));
    await show(running, 'two', { fallback: { userId } });
    await show(running, 'three', { fallback: { userId } });
    expect([...wall.shown.values()]).toEqual(['one', 'three']);
    expect(await boards()).toMatchObject([{ destination: `channel:${channelId}` }, { destination: `user:${userId}` }]);
  });

  it('shows the newest alone after an outage, by one edit', async () => {
    const wall = new Wall();
    bench.sender.answer = wall.take;
    const running = await bench.start(noPoll);
    await show(running, 'before');
    let out = true;
    bench.sender.answer = (sending) => (out ? nobodysFault : wall.take(sending));
    const ids: string[] = [];
    for (let n = 0; n < 30; n += 1) ids.push((await running.queue.publish(board(`during ${n}`))).id);
    await vi.waitFor(() => expect(bench.sender.sendings.length).toBeGreaterThan(1), { timeout: 15_000 });
    const waiting = await bench.rows<{ state: string }>(`select state from notifications where state <> 'superseded'`);
    expect(waiting.length).toBeLessThanOrEqual(3);
    out = false;
    await untilState(running, ids.at(-1)!, 'delivered');
    expect([...wall.shown.values()]).toEqual(['during 29']);
    expect(wall).toMatchObject({ sends: 1, edits: 1 });
    const states = await bench.rows<{ state: string; n: number }>(
      'select state, count(*)::int as n from notifications group by state order by state',
    );
    expect(states).toEqual([
      { state: 'delivered', n: 2 },
      { state: 'superseded', n: 29 },
    ]);
  });

  it('is one message with the newest content after 50 updates at once, by two processes', async () => {
    const wall = new Wall();
    bench.sender.answer = async (sending) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return wall.take(sending);
    };
    const processes = [await bench.start(), await bench.start()];
    const published = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const { id } = await processes[n % 2]!.queue.publish(board(`update ${n}`));
        return { id: Number(id), text: `update ${n}` };
      }),
    );
    const newest = published.reduce((a, b) => (a.id > b.id ? a : b));
    await untilState(processes[0]!, String(newest.id), 'delivered');
    await vi.waitFor(
      async () =>
        expect(await bench.rows(`select id from notifications where state in ('pending', 'leased')`)).toEqual([]),
      { timeout: 15_000 },
    );
    expect([...wall.shown.values()]).toEqual([newest.text]);
    expect(await bench.rows(`select id from notifications where state not in ('delivered', 'superseded')`)).toEqual([]);
  }, 30_000);

  it('is one message with the newest content when the answer to its first one was lost', async () => {
    const wall = new Wall();
    let answered = 0;
    const running = await bench.start(noPoll);
    bench.sender.answer = async (sending) => {
      const outcome = wall.take(sending);
      answered += 1;
      if (answered > 1) return outcome;
      // A newer one comes before anybody notes that the message is there.
      await running.queue.publish(board('newer'));
      return nobodysFault;
    };
    const { id } = await running.queue.publish(board('first'));
    expect(await untilState(running, id, 'superseded')).toMatchObject({ attempts: [{ outcome: 'postponed' }] });
    const [row] = await bench.rows<{ id: string }>('select max(id) as id from notifications');
    await untilState(running, row!.id, 'delivered');
    expect([...wall.shown.values()]).toEqual(['newer']);
    await show(running, 'newest');
    expect([...wall.shown.values()]).toEqual(['newest']);
  });

  it('is one message when the process that sent it died before it could note it', async () => {
    const wall = new Wall();
    const dying = await bench.start({}, false);
    const { id } = await dying.queue.publish(board('first'));
    const [claimed] = await dying.leases.claim(1, 1);
    // What the process did before it died: the board is open, and the message is there.
    await bench.rows(
      `insert into notification_boards (collapse_key, publisher, destination, nonce)
       select collapse_key, publisher, destination, nonce from notifications`,
    );
    wall.take({ channelId, nonce: claimed!.nonce, message: { content: 'first' } });
    bench.sender.answer = wall.take;
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1' });
    await untilState(running, id, 'delivered');
    await show(running, 'second');
    expect([...wall.shown.values()]).toEqual(['second']);
  });

  it('is noted by whoever settles the row, and by nobody who has lost the lease', async () => {
    const { leases, queue } = bench.observer;
    await queue.publish(board('one'));
    const [first] = await leases.claim(1, 60);
    await bench.rows(
      `insert into notification_boards (collapse_key, publisher, destination, nonce)
       select collapse_key, publisher, destination, nonce from notifications`,
    );
    await bench.rows(`update notifications set lease_until = now() - interval '1 second'`);
    const [second] = await leases.claim(1, 60);
    const sent = (messageId: string) => ({ state: 'delivered', outcome: 'sent', messageId }) as const;
    expect(await leases.settle(first!, sent('1'))).toBeUndefined();
    expect(await boards()).toMatchObject([{ message_id: null }]);
    await leases.settle(second!, sent('2'));
    expect(await boards()).toMatchObject([{ message_id: '2' }]);
  });

  it('by webhook is edited without a note that it goes out, so that an edit that is lost is tried again', async () => {
    const target = { webhookUrl: `hook:${webhookId}/${token}` };
    const running = await bench.start({ ...noPoll, QUEUE_RETRY_SCHEDULE: '1' });
    await show(running, 'one', { target });
    let count = 0;
    bench.sender.answer = async ({ edits }) => {
      const rows = await bench.rows<{ begun_at: Date | null }>('select begun_at from notifications order by id desc');
      expect(rows[0]).toEqual({ begun_at: null });
      count += 1;
      return count === 1 ? nobodysFault : { kind: 'sent', messageId: edits ?? 'none' };
    };
    await show(running, 'two', { target });
    expect(bench.sender.sendings.map(({ edits }) => edits)).toEqual([undefined, '10001', '10001']);
  });

  it('by webhook that is gone is made anew, and not known when that answer is lost', async () => {
    const target = { webhookUrl: `hook:${webhookId}/${token}` };
    const running = await bench.start(noPoll);
    await show(running, 'one', { target });
    bench.sender.answer = ({ edits }) => (edits === undefined ? { kind: 'unknown', reason: 'lost' } : gone);
    const { id } = await running.queue.publish(board('two', { target }));
    await untilState(running, id, 'unknown');
    expect(await boards()).toMatchObject([{ message_id: null }]);
    expect(JSON.stringify(await bench.rows('select * from notification_boards'))).not.toContain(token);
  });

  it('is forgotten after 90 days without a change, or after the retention when that is longer', async () => {
    const old = (days: number) =>
      bench.rows(
        `insert into notification_boards (collapse_key, publisher, destination, nonce, updated_at)
         values ('old', 'p', 'channel:${days}', 'n', now() - make_interval(days => $1))`,
        [days],
      );
    for (const days of [89, 91, 400]) await old(days);
    await bench.start({ ...noPoll, QUEUE_RETENTION_DAYS: '365' });
    await vi.waitFor(async () => expect(await boards()).toHaveLength(2), { timeout: 15_000 });
    await bench.start(noPoll);
    await vi.waitFor(async () => expect(await boards()).toMatchObject([{ destination: 'channel:89' }]), {
      timeout: 15_000,
    });
  });

  it('costs the same however many there are', async () => {
    await bench.rows(
      `insert into notification_boards (collapse_key, publisher, destination, nonce)
       select 'k' || n, 'p', 'channel:1', 'n' from generate_series(1, 20000) n`,
    );
    await bench.rows('analyze notification_boards');
    const { leases, queue, database } = bench.observer;
    await queue.publish(board('one'));
    const [claimed] = await leases.claim(1, 60);
    const query = vi.spyOn(database, 'query');
    await leases.settle(claimed!, { state: 'delivered', outcome: 'sent', messageId: '1' });
    const [statement, parameters] = query.mock.calls[0]!;
    query.mockRestore();
    const plan = JSON.stringify(await bench.rows(`explain (format json) ${statement}`, parameters as unknown[]));
    expect(plan).toContain('notification_boards_collapse_key_publisher_destination_key');
    expect(plan).not.toMatch(/"Node Type":"Seq Scan"[^}]*"Relation Name":"notification_boards"/);
  });
});

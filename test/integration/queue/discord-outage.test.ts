import { type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { WebhookReceiver } from '../../support/webhook-receiver.js';
import { aNotification, nobodysFault, QueueBench, type RunningQueue, untilState } from './queue-fixture.js';

const patience = { timeout: 20_000, interval: 20 };
const settings = {
  /** Longer than any test: what happens in time happens for another reason than the poll. */
  QUEUE_POLL_SECONDS: '3600',
  QUEUE_CONCURRENCY: '3',
  WEBHOOK_ALLOW_HTTP: 'on',
  WEBHOOK_ALLOW_NETWORKS: '127.0.0.1',
};
const arrives: SendOutcome = { kind: 'sent', messageId: '1' };

describe('an outage of Discord', () => {
  const bench = new QueueBench();
  let receiver: WebhookReceiver;
  const held: ServerResponse[] = [];
  const hold = (times: number) =>
    receiver.next(...Array<(r: ServerResponse) => void>(times).fill((r) => void held.push(r)));
  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
  });
  afterEach(() => {
    for (const response of held.splice(0)) response.destroy();
    receiver.reset();
  });
  afterAll(() => receiver.close());

  /** Each to another target. */
  const toDiscord = (count: number) =>
    bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher)
       select jsonb_build_object('userId', (10000 + n)::text), 'x', '{}', 'n' || n, 'tester'
       from generate_series(1, $1) n`,
      [count],
    );
  const toEndpoints = async (running: RunningQueue, count: number) => {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const { endpoint } = await running.endpoints.create(receiver.url(), '');
      ids.push((await running.queue.publish({ ...aNotification, target: { endpoint: endpoint.id } })).id);
    }
    return ids;
  };

  it('holds up what goes there alone: the rest goes out as ever, however much waits for Discord', async () => {
    bench.sender.answer = () => nobodysFault;
    await toDiscord(5_000);
    const running = await bench.start(settings);
    await vi.waitFor(() => expect(bench.sender.sendings.length).toBeGreaterThan(0), patience);
    hold(3);
    const ids = await toEndpoints(running, 6);
    // As many at once as in good times.
    await vi.waitFor(() => expect(held).toHaveLength(3), patience);
    for (const response of held.splice(0)) response.writeHead(204).end();
    for (const id of ids) await untilState(running, id, 'delivered');
    // Their success does not let the others loose.
    const tried = bench.sender.sendings.length;
    expect(tried).toBeLessThan(10);
    const [{ waiting }] = (await bench.rows<{ waiting: number }>(
      `select count(*)::int as waiting from notifications where state = 'pending' and attempts = 0 and target ? 'userId'`,
    )) as [{ waiting: number }];
    expect(waiting).toBeGreaterThan(4_990);
  }, 60_000);

  it('is found out about by one notification at a time, also while endpoints take what is theirs', async () => {
    let open = 0;
    let most = 0;
    let over = false;
    bench.sender.answer = async (_, count) => {
      if (over) return arrives;
      open += 1;
      // Those that were under way when it began.
      if (count > 3) most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 20));
      open -= 1;
      return nobodysFault;
    };
    await toDiscord(50);
    const running = await bench.start(settings);
    await vi.waitFor(() => expect(bench.sender.sendings.length).toBeGreaterThan(2), patience);
    while (bench.sender.sendings.length < 5) {
      const [id] = await toEndpoints(running, 1);
      await untilState(running, id!, 'delivered');
    }
    expect(most).toBe(1);
    over = true;
    await vi.waitFor(async () => {
      expect(await bench.rows(`select from notifications where state <> 'delivered'`)).toEqual([]);
    }, patience);
  }, 60_000);

  it('is not over because of a notification that was not sent at all', async () => {
    bench.sender.answer = () => nobodysFault;
    await toDiscord(50);
    const running = await bench.start({ ...settings, QUEUE_RETRY_SCHEDULE: '1' });
    await vi.waitFor(() => expect(bench.sender.sendings.length).toBeGreaterThan(0), patience);
    // What fell silent with every process that tried is the next that is taken.
    const [row] = await bench.rows<{ id: string }>(
      `insert into notifications (target, type, payload, nonce, publisher, priority, attempts)
       values ('{"userId":"9000000"}', 'x', '{}', 'silent', 'tester', 3, 9) returning id`,
    );
    const release: (() => void)[] = [];
    bench.sender.answer = () => new Promise((resolve) => release.push(() => resolve(nobodysFault)));
    await untilState(running, row!.id, 'dead');
    await vi.waitFor(() => expect(release.length).toBeGreaterThan(0), patience);
    // Whoever takes the outage for over has taken all that there are places for by the end of this one.
    const [id] = await toEndpoints(running, 1);
    await untilState(running, id!, 'delivered');
    expect(release).toHaveLength(1);
    for (const end of release) end();
  }, 60_000);

  it('is not what a slow endpoint makes: what goes to Discord has places of its own', async () => {
    const running = await bench.start({ ...settings, WEBHOOK_TIMEOUT_SECONDS: '60' });
    hold(3);
    await toEndpoints(running, 4);
    await vi.waitFor(() => expect(held).toHaveLength(3), patience);
    const { id } = await running.queue.publish(aNotification);
    await untilState(running, id, 'delivered');
    expect(held).toHaveLength(3);
  });
});

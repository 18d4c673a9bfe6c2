import { describe, expect, it, vi } from 'vitest';
import { type SendOutcome } from '../../../src/domain/notification.js';
import { DestinationRepository } from '../../../src/queue/destinations/destination.repository.js';
import { aNotification, failure, guildId, nobodysFault, QueueBench, refusal, untilState } from './queue-fixture.js';

/** Longer than any test: what happens in time happens for another reason than the poll. */
const noPoll = { QUEUE_POLL_SECONDS: '3600' };
const patience = { timeout: 15_000, interval: 20 };

const bad = { userId: '100000000000000002' };
const badName = 'user:100000000000000002';
const toBad = { ...aNotification, target: bad };
const fallback = { channelId: '200000000000000002' };
const arrives: SendOutcome = { kind: 'sent', messageId: '1' };

describe('a target that fails', () => {
  const bench = new QueueBench();
  const toTheBad = () => bench.sender.sendings.filter(({ userId }) => userId === bad.userId);
  const failing = (outcome: SendOutcome) => {
    bench.sender.answer = ({ userId }) => (userId === bad.userId ? outcome : arrives);
  };
  const row = async () =>
    (
      await bench.rows<{ failures: number; open: number | null; off: boolean }>(
        `select failures, extract(epoch from open_until - now())::float8 as open, off_at is not null as off
         from notification_destinations where destination = $1`,
        [badName],
      )
    )[0];
  /** As if its pause were over, and its failures `hours` older. */
  const later = (hours = 0) =>
    bench.rows(
      `with aged as (
         update notification_destinations
         set open_until = now() - interval '1 second', failing_since = failing_since - make_interval(hours => $1))
       update notifications set not_before = now() where state = 'pending' and not_before < now() + interval '2 hours'`,
      [hours],
    );
  const waiting = () =>
    bench.rows<{ attempts: number; held: string | null }>(
      `select attempts, held from notifications where state = 'pending' order by id`,
    );

  it('is left alone after five failures, one try at a time, and gets everything in its order once it is well', async () => {
    failing(failure);
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1', QUEUE_RETRY_SCHEDULE: '3600,3600' });
    const ids: string[] = [];
    for (let n = 0; n < 8; n += 1) ids.push((await running.queue.publish(toBad)).id);
    await vi.waitFor(async () => expect(await row()).toMatchObject({ failures: 5 }), patience);
    await vi.waitFor(async () => {
      const due = await bench.rows(`select from notifications where state <> 'pending' or not_before <= now()`);
      expect(due).toEqual([]);
    }, patience);
    expect((await row())!.open).toBeGreaterThan(20);
    expect(toTheBad()).toHaveLength(5);
    // Three were never tried, and no try was counted for them.
    expect((await waiting()).map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    // Nobody else waits.
    await untilState(running, (await running.queue.publish(aNotification)).id, 'delivered');

    await later();
    await vi.waitFor(async () => expect(await row()).toMatchObject({ failures: 6 }), patience);
    expect((await row())!.open).toBeGreaterThan(50);
    expect(toTheBad()).toHaveLength(6);

    bench.sender.answer = () => arrives;
    await later();
    for (const id of ids) await untilState(running, id, 'delivered');
    expect(await row()).toBeUndefined();
    expect(toTheBad()).toHaveLength(6 + 8);
  }, 60_000);

  it('gets one try at a time from two processes too', async () => {
    failing(failure);
    const settings = { QUEUE_POLL_SECONDS: '1', QUEUE_RETRY_SCHEDULE: '3600,3600' };
    await bench.rows(
      `insert into notification_destinations (destination, failures, refusals, last_reason, open_until)
       values ($1, 5, 0, 'x', now() - interval '1 second')`,
      [badName],
    );
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => (release = resolve));
    bench.sender.answer = async () => {
      await held;
      return arrives;
    };
    for (let n = 0; n < 12; n += 1) await bench.observer.queue.publish(toBad);
    await Promise.all([bench.start(settings), bench.start(settings)]);
    await vi.waitFor(() => expect(toTheBad()).toHaveLength(1), patience);
    await vi.waitFor(async () => {
      const untouched = await bench.rows(`select from notifications where state = 'pending' and not_before <= now()`);
      expect(untouched).toEqual([]);
    }, patience);
    expect(toTheBad()).toHaveLength(1);
    release();
    await vi.waitFor(async () => expect(await waiting()).toEqual([]), patience);
    await vi.waitFor(() => expect(toTheBad()).toHaveLength(12), patience);
  }, 60_000);

  it('gives its one try to one of those who ask at once, and to the next when that one fell silent', async () => {
    await bench.rows(
      `insert into notification_destinations (destination, failures, refusals, last_reason, open_until)
       values ($1, 5, 0, 'x', now() - interval '1 second')`,
      [badName],
    );
    const repository = new DestinationRepository(bench.observer.database);
    const ask = () => Promise.all(Array.from({ length: 8 }, () => repository.takeProbe(badName)));
    expect((await ask()).filter(Boolean)).toHaveLength(1);
    await later();
    expect((await ask()).filter(Boolean)).toHaveLength(1);
  });

  it('is tried by another when the one try met an outage', async () => {
    failing(nobodysFault);
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1' });
    await bench.rows(
      `insert into notification_destinations (destination, failures, refusals, last_reason, open_until)
       values ($1, 5, 0, 'x', now() - interval '1 second')`,
      [badName],
    );
    const { id } = await running.queue.publish(toBad);
    await vi.waitFor(() => expect(toTheBad().length).toBeGreaterThan(1), patience);
    expect(await row()).toMatchObject({ failures: 5, off: false });
    bench.sender.answer = () => arrives;
    await untilState(running, id, 'delivered');
  }, 60_000);

  it('is not blamed for outages, rate limits, and messages that nobody could send', async () => {
    const running = await bench.start({ QUEUE_RETRY_SCHEDULE: '1' });
    const blameless: SendOutcome[] = [
      { kind: 'retry', reason: 'slow down', burnsAttempt: false, retryAfterMs: 60_000 },
      { kind: 'permanent', reason: 'bad form', about: 'message' },
      { kind: 'retry', reason: 'cannot be written', burnsAttempt: true, about: 'message' },
    ];
    for (const outcome of blameless) {
      bench.sender.answer = () => outcome;
      const { id } = await running.queue.publish(toBad);
      await vi.waitFor(async () => expect((await running.queue.get(id)).attempts).not.toEqual([]), patience);
    }
    expect(await row()).toBeUndefined();
  });

  it('costs no statement while it is well', async () => {
    const running = await bench.start(noPoll);
    const query = vi.spyOn(running.database, 'query');
    const transaction = vi.spyOn(running.database, 'transaction');
    const { id } = await running.queue.publish(toBad);
    await untilState(running, id, 'delivered');
    const about = query.mock.calls.filter(([text]) => /(INTO|UPDATE|DELETE FROM) notification_destinations/.test(text));
    const transactions = transaction.mock.calls.length;
    query.mockRestore();
    transaction.mockRestore();
    expect(about).toEqual([]);
    expect(transactions).toBe(0);
  });

  it('is switched off after three notifications that it refused, and what is for it waits or turns elsewhere', async () => {
    failing(refusal);
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1' });
    for (let n = 0; n < 3; n += 1) {
      const { id } = await running.queue.publish({ ...toBad, guildId });
      await untilState(running, id, 'dead');
    }
    await vi.waitFor(async () => expect(await row()).toMatchObject({ failures: 3, off: true }), patience);
    await vi.waitFor(
      () => expect(running.events.filter(({ type }) => type === 'notification.off')).toHaveLength(1),
      patience,
    );
    const { id } = await running.queue.publish(toBad);
    expect(await running.queue.get(id)).toMatchObject({ state: 'pending', heldBy: 'off', attempts: [] });
    const turned = await running.queue.publish({ ...toBad, fallback });
    expect(await untilState(running, turned.id, 'delivered')).toMatchObject({ target: fallback, fallback: null });
    expect(toTheBad()).toHaveLength(3);

    expect(await running.destinations.list(10)).toMatchObject([
      { destination: badName, state: 'off', failures: 3, lastReason: 'Discord knows no such user.', waiting: 1 },
    ]);
    bench.sender.answer = () => arrives;
    await running.destinations.enable(badName);
    await untilState(running, id, 'delivered');
    expect(await running.destinations.list(10)).toEqual([]);
    await expect(running.destinations.enable(badName)).rejects.toMatchObject({ code: 'resource.not_found' });
  }, 60_000);

  it('holds what waited for its next try, and turns what has another target there at once', async () => {
    failing(failure);
    const running = await bench.start({ ...noPoll, QUEUE_RETRY_SCHEDULE: '3600,3600,3600' });
    const kept = await running.queue.publish(toBad);
    const turned = await running.queue.publish({ ...toBad, fallback });
    await vi.waitFor(async () => expect(await row()).toMatchObject({ failures: 2 }), patience);
    failing(refusal);
    for (let n = 0; n < 3; n += 1) await untilState(running, (await running.queue.publish(toBad)).id, 'dead');
    await untilState(running, turned.id, 'delivered');
    expect(bench.sender.sendings.at(-1)).toMatchObject(fallback);
    expect(await running.queue.get(kept.id)).toMatchObject({ state: 'pending', heldBy: 'off' });
  }, 60_000);

  it('turns what only waited for its next try to the other target at once too, and nothing before its own time', async () => {
    failing(failure);
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1', QUEUE_RETRY_SCHEDULE: '3600,3600,3600' });
    for (let n = 0; n < 5; n += 1) await running.queue.publish(toBad);
    await vi.waitFor(async () => expect(await row()).toMatchObject({ failures: 5 }), patience);
    // Within the pause of 30 s.
    const notBefore = new Date(Date.now() + 25_000).toISOString();
    const untried = await running.queue.publish({ ...toBad, fallback });
    const planned = await running.queue.publish({ ...toBad, fallback, notBefore });
    await vi.waitFor(async () => {
      const { nextAttemptAt } = await running.queue.get(untried.id);
      expect(Date.parse(nextAttemptAt!)).toBeGreaterThan(Date.now() + 5_000);
    }, patience);
    await bench.rows(`update notification_destinations set refusals = 2, open_until = now() - interval '1 second'`);
    failing(refusal);
    await bench.rows(`update notifications set not_before = now() where id = 1`);
    await vi.waitFor(async () => expect(await row()).toMatchObject({ off: true }), patience);
    expect(await untilState(running, untried.id, 'delivered')).toMatchObject({ target: fallback });
    expect(await running.queue.get(planned.id)).toMatchObject({ state: 'pending', target: fallback });
  }, 60_000);

  it('keeps its pause when one that did not take its try can tell nothing', async () => {
    bench.sender.found = () => ({ kind: 'later', reason: 'away', retryAfterMs: 600_000 });
    await bench.rows(
      `insert into notification_destinations (destination, failures, refusals, last_reason, open_until)
       values ($1, 5, 0, 'x', now() + interval '1 hour')`,
      [badName],
    );
    const [looked, gone] = [await bench.observer.queue.publish(toBad), await bench.observer.queue.publish(toBad)];
    // Its time is over, and it may have arrived; of the other, which is not to be repeated, a process that died knew.
    await bench.rows(
      `update notifications set expires_at = now(), maybe_sent_at = now() - interval '10 minutes' where id = $1`,
      [looked.id],
    );
    await bench.rows(`update notifications set begun_at = now() where id = $1`, [gone.id]);
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1' });
    await untilState(running, gone.id, 'unknown');
    await vi.waitFor(async () => {
      expect((await running.queue.get(looked.id)).attempts).toMatchObject([{ outcome: 'postponed', reason: 'away' }]);
    }, patience);
    await bench.stop(running);
    expect((await row())!.open).toBeGreaterThan(3_000);
  });

  it('is switched off when nothing arrived for a day, and not before', async () => {
    failing(failure);
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1', QUEUE_RETRY_SCHEDULE: '3600,3600,3600' });
    for (let n = 0; n < 6; n += 1) await running.queue.publish(toBad);
    await vi.waitFor(async () => expect(await row()).toMatchObject({ failures: 5, off: false }), patience);
    await later(23);
    await vi.waitFor(async () => expect(await row()).toMatchObject({ failures: 6, off: false }), patience);
    await later(1);
    await vi.waitFor(async () => expect(await row()).toMatchObject({ failures: 7, off: true }), patience);
    await vi.waitFor(
      async () => expect((await waiting()).map(({ held }) => held)).toEqual(Array(6).fill('off')),
      patience,
    );
  }, 60_000);

  it('that refuses one notification again and again counts once', async () => {
    failing(refusal);
    const running = await bench.start(noPoll);
    const { id } = await running.queue.publish(toBad);
    for (let n = 0; n < 4; n += 1) {
      await untilState(running, id, 'dead');
      await running.inspection.retry(id);
    }
    await untilState(running, id, 'dead');
    expect(await row()).toMatchObject({ off: false });
    expect(await running.destinations.list(10)).toMatchObject([{ state: 'paused' }]);
  }, 60_000);

  it('that is switched off holds nothing that consumers fetch', async () => {
    await bench.rows(
      `insert into notification_destinations (destination, failures, refusals, last_reason, off_at)
       values ($1, 3, 3, 'x', now())`,
      [badName],
    );
    const { id } = await bench.observer.queue.publish({ ...toBad, delivery: 'pull' });
    expect(await bench.observer.queue.get(id)).toMatchObject({ heldBy: null });
  });

  it('does not lose what is published while it is switched on again', async () => {
    const running = await bench.start({ QUEUE_POLL_SECONDS: '1' });
    for (let round = 0; round < 5; round += 1) {
      await bench.rows(
        `insert into notification_destinations (destination, failures, refusals, last_reason, off_at)
         values ($1, 3, 3, 'x', now())`,
        [badName],
      );
      const ids = await Promise.all([
        ...Array.from({ length: 10 }, async () => (await running.queue.publish(toBad)).id),
        running.destinations.enable(badName).then(() => undefined),
        ...Array.from({ length: 10 }, async () => (await running.queue.publish(toBad)).id),
      ]);
      for (const id of ids) if (id !== undefined) await untilState(running, id, 'delivered');
    }
  }, 60_000);
});

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PublisherSettings } from '../../../src/publisher/index.js';
import { PublisherBench, send, userId } from '../../support/publisher-bench.js';
import { problem, type PeerRequest } from '../../support/publisher-peer.js';

let bench: PublisherBench;
beforeEach(async () => {
  bench = await PublisherBench.open();
});
afterEach(() => bench.close());

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const numbersIn = ({ bodies }: PeerRequest) =>
  bodies.map(({ payload }) => (payload as { number: number | string }).number);
const asked = () => bench.peer.requests.map(numbersIn);

/** A publisher with so many that wait, and a Guildcast that is there again. */
async function waiting(count: number, settings: PublisherSettings = {}) {
  const publisher = bench.publisherWith(settings, true);
  bench.proxy.cut();
  for (const number of upTo(count)) await send(publisher, number);
  bench.proxy.mend();
  bench.peer.requests.length = 0;
  return publisher;
}

describe('what waits in the spool', () => {
  it('goes out together, more with each success, a hundred at most, each with its key and in its order', async () => {
    const publisher = await waiting(240);
    expect(await publisher.flush()).toEqual({ accepted: 240, rejected: 0, waiting: 0 });
    expect(asked().map(({ length }) => length)).toEqual([1, 2, 4, 8, 16, 32, 64, 100, 13]);
    expect(bench.numbers()).toEqual(upTo(240));
    const [, pair] = bench.peer.requests;
    expect(pair).toMatchObject({ path: '/api/v1/notifications', bodies: [{ type: 'counted' }, { type: 'counted' }] });
    expect(pair?.headers).not.toHaveProperty('idempotency-key');
    const keys = bench.peer.requests
      .slice(1)
      .flatMap(({ bodies }) => bodies.map(({ idempotencyKey }) => idempotencyKey));
    expect(new Set(keys).size).toBe(239);
    expect(keys).not.toContain(undefined);
    expect(await bench.spooled()).toEqual([]);
  }, 40_000);

  it('loses nothing to a culprit, which alone is put aside with its own reason', async () => {
    const publisher = await waiting(20);
    bench.peer.script = (request) =>
      numbersIn(request).includes(5) || numbersIn(request).includes(12)
        ? problem(400, 'request.invalid', `${request.bodies.length} read`)
        : bench.peer.accept(request);
    expect(await publisher.flush()).toEqual({ accepted: 18, rejected: 2, waiting: 0 });
    expect(bench.numbers()).toEqual(upTo(20).filter((number) => number !== 5 && number !== 12));
    const aside = await Promise.all(
      (await bench.spooled()).map((name) => readFile(path.join(bench.root, name), 'utf8')),
    );
    expect(aside).toHaveLength(2);
    for (const text of aside) expect(text).toContain('"reason":"1 read"');
    // Alone are those alone who were refused together.
    expect(asked()).toEqual([
      ...[[1], [2, 3], [4, 5, 6, 7], [4], [5], [6], [7]],
      ...[
        upTo(20).slice(7),
        ...upTo(20)
          .slice(7)
          .map((number) => [number]),
      ],
    ]);
  });

  it('passes one that Guildcast itself fails at, which is tried again', async () => {
    const publisher = await waiting(12);
    bench.peer.script = (request) =>
      numbersIn(request).includes(3) ? problem(500, 'internal', 'a fault') : bench.peer.accept(request);
    expect(await publisher.flush()).toMatchObject({ accepted: 11, rejected: 0, waiting: 1 });
    bench.peer.script = (request) => bench.peer.accept(request);
    expect(await publisher.flush()).toEqual({ accepted: 1, rejected: 0, waiting: 0 });
    expect(bench.numbers()).toEqual([...upTo(12).filter((number) => number !== 3), 3]);
  });

  it('is one each, though the answer to all of them was lost', async () => {
    const publisher = await waiting(6);
    bench.peer.script = (request) => {
      const answer = bench.peer.accept(request);
      if (request.bodies.length > 1) bench.proxy.cut();
      return answer;
    };
    expect(await publisher.flush()).toMatchObject({ accepted: 1, waiting: 5, reason: expect.any(String) as string });
    expect(bench.numbers()).toEqual([1, 2, 3]);
    bench.proxy.mend();
    bench.peer.script = (request) => bench.peer.accept(request);
    // Two that went out together go alone now, and together with others: they are the same.
    expect(await publisher.flush()).toMatchObject({ accepted: 5, waiting: 0 });
    expect(asked().slice(2)).toEqual([[2], [3, 4], [5, 6]]);
    expect(bench.numbers()).toEqual(upTo(6));
  });

  it.each([
    ['is a page', { status: 200, body: '<html>Log in</html>' }],
    ['names too few', { status: 202, body: { notifications: [{ id: '1' }] } }],
    ['names too many', { status: 202, body: { notifications: [{ id: '1' }, { id: '2' }, { id: '3' }] } }],
    ['is that to a single one', { status: 202, body: { id: '1' } }],
    ['has no ids', { status: 202, body: { notifications: [{ id: 1 }, null] } }],
  ])('stays where it is when the answer to it %s', async (_, answer) => {
    const publisher = await waiting(3);
    bench.peer.script = (request) => (request.bodies.length > 1 ? answer : bench.peer.accept(request));
    const reason = expect.stringContaining('does not answer as Guildcast does') as string;
    expect(await publisher.flush()).toEqual({ accepted: 1, rejected: 0, waiting: 2, reason });
    expect(asked()).toEqual([[1], [2, 3]]);
  });

  it('stays where it is when the key is refused, or Guildcast is busy', async () => {
    const publisher = await waiting(4);
    for (const refusal of [problem(403, 'access.scope_missing', 'no'), problem(429, 'rate.limited', 'slowly')]) {
      bench.peer.requests.length = 0;
      bench.peer.script = (request) => (request.bodies.length > 1 ? refusal : bench.peer.accept(request));
      expect(await publisher.flush()).toMatchObject({ accepted: 1, rejected: 0 });
      expect(asked().map(({ length }) => length)).toEqual([1, 2].slice(0, asked().length));
    }
    expect(bench.numbers()).toEqual([1, 2]);
    expect((await publisher.status()).spool).toMatchObject({ waiting: 2, rejected: 0 });
  });

  it('goes out in requests of a megabyte', async () => {
    const publisher = bench.publisherWith({}, true);
    bench.proxy.cut();
    const texts = [...'abcdefghij'].map((letter) => letter.repeat(300_000));
    for (const number of texts) await publisher.publish({ type: 'counted', payload: { number } });
    bench.proxy.mend();
    bench.peer.requests.length = 0;
    expect(await publisher.flush()).toMatchObject({ accepted: 10, waiting: 0 });
    expect(asked().map(({ length }) => length)).toEqual([1, 2, 3, 3, 1]);
  });

  it('goes out one by one in the dialect, which knows no lists', async () => {
    const publisher = await waiting(3, { wire: 'event-queue' });
    expect(await publisher.flush()).toMatchObject({ accepted: 3, waiting: 0 });
    expect(bench.peer.requests.map(({ path: asked, bodies }) => [asked, bodies.length])).toEqual([
      ['/discord/events', 1],
      ['/discord/events', 1],
      ['/discord/events', 1],
    ]);
    expect(bench.peer.requests[0]?.body).toMatchObject({ user_id: userId });
  });

  it('keeps its order where some speak the dialect', async () => {
    bench.proxy.cut();
    const native = bench.publisherWith({}, true);
    const dialect = bench.publisherWith({ wire: 'event-queue' }, true);
    for (const number of upTo(12)) await send(number === 6 || number === 7 ? dialect : native, number);
    bench.proxy.mend();
    bench.peer.requests.length = 0;
    expect(await native.flush()).toMatchObject({ accepted: 12, waiting: 0 });
    expect(asked()).toEqual([[1], [2, 3], [4, 5], [6], [7], [8, 9, 10, 11, 12]]);
    expect(bench.numbers()).toEqual(upTo(12));
  });

  it('shows no secret of any of its letters when an answer repeats it', async () => {
    const publisher = bench.publisherWith({}, true);
    bench.proxy.cut();
    const webhookUrl = 'https://discord.com/api/webhooks/100000000000000001/canary-token';
    for (const number of upTo(3)) {
      await publisher.publish({ type: 'x', payload: { number }, ...(number === 3 && { target: { webhookUrl } }) });
    }
    bench.proxy.mend();
    bench.peer.script = (request) =>
      request.bodies.length === 1 ? bench.peer.accept(request) : { ...problem(429, 'no', `not ${webhookUrl}`) };
    const { reason } = await publisher.flush();
    expect(reason).toContain('[Redacted]');
    expect(JSON.stringify([reason, await publisher.status()])).not.toContain('canary');
  });
});

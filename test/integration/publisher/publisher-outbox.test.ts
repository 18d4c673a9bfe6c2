import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type PublisherSettings } from '../../../src/publisher/index.js';
import { type CuttableProxy } from '../../support/cuttable-proxy.js';
import { failure, key, PublisherBench, send, userId } from '../../support/publisher-bench.js';
import { problem, PublisherPeer } from '../../support/publisher-peer.js';

let bench: PublisherBench;
let peer: PublisherPeer;
let proxy: CuttableProxy;
let root: string;
beforeEach(async () => {
  bench = await PublisherBench.open();
  ({ peer, proxy, root } = bench);
});
afterEach(() => bench.close());

const publisherWith = (settings?: PublisherSettings, patient?: boolean) => bench.publisherWith(settings, patient);
const spooled = () => bench.spooled();
const numbers = () => bench.numbers();
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('while Guildcast is there', () => {
  it('a notification goes straight to it, with the key and a key of its own', async () => {
    const publisher = publisherWith();
    expect(await send(publisher, 1)).toEqual({ state: 'accepted', id: '1' });
    expect(await publisher.backupError({ type: 'upload', message: 'full' })).toEqual({ state: 'accepted', id: '2' });
    const [first, second] = peer.requests;
    expect([first?.path, first?.headers.authorization]).toEqual(['/api/v1/notifications', `Bearer ${key}`]);
    expect(first?.headers['idempotency-key']).not.toBe(second?.headers['idempotency-key']);
    expect(second?.body).toMatchObject({ type: 'backup_error', payload: { error_type: 'backup_upload' } });
    expect(await spooled()).toEqual([]);
  });

  it('the other helpers send what they are called', async () => {
    const publisher = publisherWith();
    await publisher.backupSuccess({ file: 'a', sizeMb: 1, durationSeconds: 2 });
    await publisher.minecraftStatus({ status: 'online' }, { priority: 'low' });
    await publisher.codespaceStatus({ action: 'stopped' });
    expect(peer.accepted).toMatchObject([
      { type: 'backup_success' },
      { type: 'minecraft_status', priority: 'low' },
      { type: 'codespace_status' },
    ]);
  });

  it('the dialect is spoken where it is asked for', async () => {
    expect(await send(publisherWith({ wire: 'event-queue' }), 1)).toEqual({ state: 'accepted', id: '1' });
    expect(peer.requests[0]).toMatchObject({
      path: '/discord/events',
      body: { user_id: userId, event_type: 'counted' },
    });
  });

  it('many at once arrive in the order of the calls', async () => {
    const publisher = publisherWith();
    await Promise.all(upTo(50).map((number) => send(publisher, number)));
    expect(numbers()).toEqual(upTo(50));
  });

  it('a refusal is told, and nothing is kept', async () => {
    const publisher = publisherWith();
    peer.script = () => problem(400, 'request.invalid', 'payload: too deep');
    expect(await failure(send(publisher, 1))).toMatchObject({
      code: 'refused',
      status: 400,
      fault: 'request.invalid',
      message: 'payload: too deep',
    });
    peer.script = () => problem(401, 'access.key_unknown', 'The key is not known.');
    expect(await failure(send(publisher, 1))).toMatchObject({ code: 'refused', status: 401 });
    expect(await spooled()).toEqual([]);
  });

  it('no redirect is followed', async () => {
    const elsewhere = await PublisherPeer.start();
    peer.script = () => ({ status: 307, headers: { location: elsewhere.url } });
    expect((await send(publisherWith({}, true), 1)).state).toBe('spooled');
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.stop();
  });
});

describe('while Guildcast is away', () => {
  it.each([
    ['the connection is refused', () => proxy.cut(), /not reached/],
    ['there is no answer in time', () => (peer.script = () => 'silence'), /no answer within 300 ms/],
    ['it is overloaded', () => (peer.script = () => problem(429, 'rate.limited', 'slowly')), /429: slowly/],
    ['it is restarting', () => (peer.script = () => ({ status: 503 })), /503/],
    [
      'a login page answers in its place',
      () => (peer.script = () => ({ status: 200, body: '<html>' })),
      /does not answer as/,
    ],
  ] as const)('(%s) notifications are spooled, and sent once it is back', async (_what, leave, reason) => {
    const publisher = publisherWith({ timeoutMs: 300 }, true);
    leave();
    const first = await send(publisher, 1);
    expect(first).toEqual({ state: 'spooled', spoolId: expect.stringMatching(/\.json$/) as string });
    expect((await publisher.status()).trouble).toMatch(reason);
    const before = peer.requests.length;
    expect((await send(publisher, 2)).state).toBe('spooled');
    // Known to be away: the second did not wait for that.
    expect(peer.requests.length).toBe(before);
    proxy.mend();
    peer.script = (request) => peer.accept(request);
    expect(await publisher.flush()).toEqual({ accepted: 2, rejected: 0, waiting: 0 });
    expect(numbers()).toEqual([1, 2]);
    expect(await spooled()).toEqual([]);
    expect((await publisher.status()).trouble).toBeNull();
  });

  it('it is looked after by itself, in order, and nothing comes twice', async () => {
    const publisher = publisherWith();
    proxy.cut();
    for (const number of upTo(30)) await send(publisher, number);
    proxy.mend();
    await vi.waitFor(() => expect(numbers()).toEqual(upTo(30)));
    expect((await send(publisher, 31)).state).toBe('accepted');
    await vi.waitFor(async () => expect(await spooled()).toEqual([]));
  });

  it('a lost answer makes one notification', async () => {
    const publisher = publisherWith({}, true);
    peer.script = (request) => {
      peer.accept(request);
      proxy.cut();
      return { status: 202 };
    };
    expect((await send(publisher, 1)).state).toBe('spooled');
    proxy.mend();
    peer.script = (request) => peer.accept(request);
    expect(await publisher.flush()).toMatchObject({ accepted: 1 });
    expect(peer.requests).toHaveLength(2);
    expect(numbers()).toEqual([1]);
    expect(peer.requests[0]?.body).toEqual(peer.requests[1]?.body);
  });

  it('nothing overtakes what waits', async () => {
    proxy.cut();
    await send(publisherWith({}, true), 1);
    proxy.mend();
    expect(await send(publisherWith({}, true), 2)).toEqual({ state: 'accepted', id: '2' });
    expect(numbers()).toEqual([1, 2]);
  });

  it('a wait that Guildcast asks for is kept', async () => {
    const publisher = publisherWith();
    // The spool is looked after for the first time while this answer is awaited: timers of one process keep their order.
    peer.script = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { status: 429, headers: { 'retry-after': '3600' } };
    };
    await send(publisher, 1);
    peer.script = (request) => peer.accept(request);
    expect((await send(publisher, 2)).state).toBe('spooled');
    expect(numbers()).toEqual([]);
    expect(await publisher.flush()).toMatchObject({ accepted: 2 });
  });

  it('what is refused later lies in `rejected` with the reason, and holds up nothing', async () => {
    const publisher = publisherWith({}, true);
    proxy.cut();
    for (const number of upTo(3)) await send(publisher, number);
    proxy.mend();
    peer.script = (request) =>
      (request.body.payload as { number: number }).number === 2
        ? problem(400, 'request.invalid', 'too deep')
        : peer.accept(request);
    expect(await publisher.flush()).toEqual({ accepted: 2, rejected: 1, waiting: 0 });
    expect(numbers()).toEqual([1, 3]);
    const [file] = await spooled();
    expect(file).toContain(`${path.sep}rejected${path.sep}`);
    expect(await readFile(path.join(root, file!), 'utf8')).toContain('"reason":"too deep"');
    expect((await publisher.status()).spool).toMatchObject({ waiting: 0, rejected: 1, oldest: null });
  });

  it('the publisher of one that waited behind others hears that it is refused', async () => {
    proxy.cut();
    await send(publisherWith({}, true), 1);
    proxy.mend();
    peer.script = (request) =>
      (request.body.payload as { number: number }).number === 2
        ? problem(400, 'request.invalid', 'too deep')
        : peer.accept(request);
    expect(await failure(send(publisherWith({}, true), 2))).toMatchObject({ code: 'refused', status: 400 });
  });

  it('a refused key stops the spool, is told to whoever publishes, and loses nothing', async () => {
    proxy.cut();
    await send(publisherWith({}, true), 1);
    proxy.mend();
    peer.script = () => problem(403, 'access.scope_missing', 'The key may not do this.');
    const publisher = publisherWith({}, true);
    expect(await publisher.flush()).toEqual({
      accepted: 0,
      rejected: 0,
      waiting: 1,
      reason: 'The key may not do this.',
    });
    expect(await failure(send(publisher, 2))).toMatchObject({ code: 'refused', status: 403 });
    peer.script = (request) => peer.accept(request);
    expect(await publisher.flush()).toEqual({ accepted: 1, rejected: 0, waiting: 0 });
    expect(numbers()).toEqual([1]);
  });

  it('without a spool it is told', async () => {
    proxy.cut();
    const publisher = publisherWith({ spool: false });
    expect(await failure(send(publisher, 1))).toMatchObject({ code: 'unreachable' });
    expect(await publisher.flush()).toEqual({ accepted: 0, rejected: 0, waiting: 0 });
  });

  it('a full spool is told, and does not keep from going past it once Guildcast is back', async () => {
    const publisher = publisherWith({ spoolFiles: 2 }, true);
    proxy.cut();
    for (const number of [1, 2]) await send(publisher, number);
    const full = await failure(send(publisher, 3));
    expect([full.code, full.message]).toEqual(['spool-full', expect.stringMatching(/not reached.* is full/)]);
    proxy.mend();
    expect((await send(publisher, 4)).state).toBe('accepted');
    await publisher.flush();
    expect(numbers()).toEqual([4, 1, 2]);
  });

  it('a spool that cannot be written is told', async () => {
    const file = path.join(root, 'file');
    await writeFile(file, '');
    const publisher = publisherWith({ spool: file });
    expect((await send(publisher, 1)).state).toBe('accepted');
    proxy.cut();
    expect((await failure(send(publisher, 2))).code).toBe('spool-unwritable');
    // Nor does it pass for an empty one.
    for (const asked of [publisher.status(), publisher.flush()]) {
      const { code, message } = await failure(asked);
      expect([code, message]).toEqual(['spool-unwritable', expect.stringContaining('cannot be read (ENOTDIR)')]);
    }
  });
});

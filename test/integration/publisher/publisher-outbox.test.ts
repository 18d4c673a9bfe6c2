import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPublisher, PublishError, type Publisher, type PublisherSettings } from '../../../src/publisher/index.js';
import { CuttableProxy } from '../../support/cuttable-proxy.js';
import { problem, PublisherPeer } from '../../support/publisher-peer.js';

const key = 'publish-key-that-nobody-may-see';
const userId = '80351110224678912';

let root: string;
let peer: PublisherPeer;
let proxy: CuttableProxy;
const publishers: Publisher[] = [];
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'guildcast-outbox-'));
  peer = await PublisherPeer.start();
  proxy = await CuttableProxy.to(peer.url);
});
afterEach(async () => {
  for (const publisher of publishers.splice(0)) await publisher.close();
  await proxy.close();
  await peer.stop();
  await rm(root, { recursive: true, force: true });
});

/** By itself it tries again soon, or, with `patient`, not within a test. */
function publisherWith(settings: PublisherSettings = {}, patient = false): Publisher {
  const pace = patient ? { retryBaseMs: 600_000, retryCapMs: 600_000 } : { retryBaseMs: 20, retryCapMs: 100 };
  const publisher = createPublisher({ url: proxy.url, key, userId, spool: root, ...pace, ...settings }, {});
  publishers.push(publisher);
  return publisher;
}

const send = (publisher: Publisher, number: number) => publisher.publish({ type: 'counted', payload: { number } });
const numbers = () => peer.accepted.map(({ payload }) => (payload as { number: number }).number);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const spooled = async () => (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.json'));

async function failure(promise: Promise<unknown>): Promise<PublishError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PublishError) return error;
  throw new Error(`not refused: ${String(error)}`);
}

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
    peer.script = () => ({ status: 429, headers: { 'retry-after': '3600' } });
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
  });
});

describe('the older webhook', () => {
  const report = { type: 'compression', message: 'disk full' };
  const hook = { fallback: 'megacmd' } as const;

  it('is told of a failed backup that nobody else takes, and of nothing else', async () => {
    const webhook = await PublisherPeer.start();
    webhook.script = () => ({ status: 200, body: { status: 'success', message: 'sent' } });
    const webhookUrl = `${webhook.url.replace('://', '://any:s%40cret@')}/webhook/megacmd`;
    proxy.cut();
    const publisher = publisherWith({ ...hook, webhookUrl, spool: false });
    expect(await publisher.backupError(report)).toEqual({ state: 'fallback' });
    expect(webhook.requests).toMatchObject([
      {
        path: '/webhook/megacmd',
        headers: { authorization: `Basic ${Buffer.from('any:s@cret').toString('base64')}` },
        body: {
          user_id: userId,
          error_type: 'backup_compression',
          error_message: 'disk full',
          codespace_name: 'Desconocido',
          timestamp: expect.any(String) as string,
        },
      },
    ]);
    expect((await failure(publisher.codespaceStatus({ action: 'error' }))).code).toBe('unreachable');
    expect((await publisherWith({ ...hook, webhookUrl }, true).backupError(report)).state).toBe('spooled');
    const bare = createPublisher({ ...hook, webhookUrl, userId, spool: root }, {});
    expect(await bare.backupError(report)).toEqual({ state: 'fallback' });
    expect(webhook.requests).toHaveLength(2);
    await webhook.stop();
  });

  it.each([
    ['it refuses', { status: 404, body: { error: 'no' } }],
    ['a page answers', { status: 200, body: '<html>' }],
    ['it takes it otherwise', { status: 201, body: { status: 'success' } }],
  ])('when %s, both failures are told', async (_what, answer) => {
    peer.script = () => answer;
    const webhookUrl = `${peer.url}/webhook/megacmd`;
    const publisher = publisherWith({ ...hook, webhookUrl, url: 'http://127.0.0.1:1', spool: false });
    const error = await failure(publisher.backupError(report));
    expect([error.code, error.message]).toEqual(['unreachable', expect.stringMatching(/not reached.*webhook/)]);
  });
});

describe('a publisher', () => {
  it('says what is missing', async () => {
    const without = (settings: PublisherSettings) => createPublisher({ ...settings, spool: false }, {});
    expect(await failure(send(without({ userId }), 1))).toMatchObject({ code: 'not-configured', message: /URL/ });
    expect((await failure(send(without({ userId, url: peer.url }), 1))).message).toMatch(/KEY/);
    expect((await failure(send(without({ url: peer.url, key }), 1))).message).toMatch(/DISCORD_USER_ID/);
    expect((await failure(without({}).flush())).code).toBe('not-configured');
    expect((await failure(without({}).sendTest({ target: { userId } }))).code).toBe('not-configured');
  });

  it('is enabled when it has an address, a key and somebody to send to', () => {
    expect(publisherWith().isEnabled()).toBe(true);
    const nobody = publisherWith({ userId: undefined });
    expect([nobody.isEnabled(), nobody.isEnabled({ route: 'ops' })]).toEqual([false, true]);
    expect(publisherWith({ userId: undefined, route: 'ops' }).isEnabled()).toBe(true);
    expect(createPublisher({ userId, url: peer.url }, {}).isEnabled()).toBe(false);
  });

  it('tests past the spool, and tells the truth', async () => {
    const publisher = publisherWith({}, true);
    expect(await publisher.sendTest()).toEqual({ state: 'accepted', id: '1' });
    expect(peer.accepted[0]).toMatchObject({ type: 'publisher_test', target: { userId } });
    proxy.cut();
    expect((await failure(publisher.sendTest())).code).toBe('unreachable');
    expect(await spooled()).toEqual([]);
  });

  it('does nothing after it was closed, and ends what was under way before', async () => {
    const publisher = publisherWith();
    const sent = send(publisher, 1);
    await publisher.close();
    expect((await sent).state).toBe('accepted');
    expect((await failure(send(publisher, 2))).code).toBe('closed');
    expect(numbers()).toEqual([1]);
  });

  it('shows no secret in its status, in failures or on disk', async () => {
    const webhook = 'https://discord.com/api/webhooks/100000000000000001/webhook-token';
    const publisher = publisherWith({
      fallback: 'megacmd',
      webhookUrl: 'https://any:hook-secret@bot.example/hook/path',
    });
    peer.script = () => problem(400, 'request.invalid', `Bearer ${key} may not send to ${webhook}`);
    const refused = await failure(publisher.publish({ type: 'x', target: { webhookUrl: webhook } }));
    expect(refused.message).toBe('Bearer [Redacted] may not send to [Redacted]');
    peer.script = () => ({ status: 503, body: key });
    await send(publisher, 1);
    peer.script = () => problem(400, 'request.invalid', `Bearer ${key}`);
    await publisher.flush();
    const status = await publisher.status();
    expect(status).toMatchObject({
      enabled: true,
      url: proxy.url,
      key: true,
      userId: '80351110…',
      fallback: 'https://bot.example',
      spool: { waiting: 0, rejected: 1 },
    });
    const files = await Promise.all((await spooled()).map((name) => readFile(path.join(root, name), 'utf8')));
    expect(files.join()).toContain('[Redacted]');
    for (const secret of [key, 'webhook-token', 'hook-secret', 'hook/path', userId]) {
      expect(JSON.stringify(status)).not.toContain(secret);
    }
    expect(files.join() + JSON.stringify([refused, refused.message, refused.stack])).not.toMatch(
      /publish-key|webhook-token|hook-secret/,
    );
  });
});

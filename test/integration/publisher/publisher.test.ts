import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPublisher, type PublisherSettings } from '../../../src/publisher/index.js';
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

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { publicAddresses, readNetworks } from '../../../../src/outgoing/address-rule.js';
import { type Resolve } from '../../../../src/outgoing/guarded-connector.js';
import { type CallResult, WebhookCaller } from '../../../../src/queue/endpoints/webhook-caller.js';
import { WebhookReceiver } from '../../../support/webhook-receiver.js';

let receiver: WebhookReceiver;
/** On the same port of another address, which no test allows. */
let inner: WebhookReceiver;
beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  inner = await WebhookReceiver.start({ host: '127.0.0.2', port: receiver.port });
});
afterAll(async () => {
  await receiver.close();
  await inner.close();
});

const callers: WebhookCaller[] = [];
afterEach(async () => {
  await Promise.all(callers.splice(0).map((caller) => caller.onApplicationShutdown()));
  expect(inner.connections).toBe(0);
  receiver.reset();
});

/** Answers each lookup with the next of its answers, the last one for ever. */
function resolving(...answers: string[][]): Resolve & { asked: string[] } {
  const asked: string[] = [];
  return Object.assign(
    ((name, _options, callback) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [];
      asked.push(name);
      callback(
        null,
        answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    }) as Resolve,
    { asked },
  );
}

function callerWith(resolve: Resolve, { networks = '127.0.0.1', http = true, timeoutMs = 5_000 } = {}): WebhookCaller {
  const caller = new WebhookCaller({
    rules: {
      httpAdvice: http ? undefined : 'nothing allows it',
      addresses: publicAddresses('a setting allows more', readNetworks(networks)),
    },
    resolve,
    timeoutMs,
  });
  callers.push(caller);
  return caller;
}

const call = (caller: WebhookCaller, url: string): Promise<CallResult> =>
  caller.post(url, { 'content-type': 'application/json' }, '{"a":1}');

const refused = { failure: 'its name leads to no address of the public internet (a setting allows more)' };
const notAllowed = { failure: 'its address is not allowed (see WEBHOOK_ALLOW_HTTP and WEBHOOK_ALLOW_NETWORKS)' };

describe('a call to an endpoint', () => {
  it('posts to the address that its name has, on a connection that ends with it', async () => {
    const resolve = resolving(['127.0.0.1']);
    const url = receiver.url('hooks.example');
    expect(await call(callerWith(resolve), `${url}?token=x`)).toEqual({ status: 204 });
    expect(resolve.asked).toEqual(['hooks.example']);
    const [got] = receiver.calls;
    expect(got).toMatchObject({ method: 'POST', path: '/hook?token=x', body: '{"a":1}' });
    expect(got?.headers).toMatchObject({
      host: new URL(url).host,
      connection: 'close',
      'content-type': 'application/json',
    });
    await vi.waitFor(() => expect(receiver.open).toBe(0), { timeout: 5_000 });
  });

  it('looks the name up for each call, and stays away once it points inside', async () => {
    const caller = callerWith(resolving(['127.0.0.1'], ['127.0.0.2']));
    expect(await call(caller, receiver.url('rebind.example'))).toEqual({ status: 204 });
    for (let times = 0; times < 3; times += 1)
      expect(await call(caller, receiver.url('rebind.example'))).toEqual(refused);
    expect(receiver.calls).toHaveLength(1);
  });

  it('connects to what was checked, though the name would now point inside', async () => {
    // A guard that looks up by itself, and a socket that looks up again, would meet at the second answer.
    const resolve = resolving(['127.0.0.1'], ['127.0.0.2'], ['127.0.0.2']);
    expect(await call(callerWith(resolve), receiver.url('rebind.example'))).toEqual({ status: 204 });
    expect(resolve.asked).toHaveLength(1);
    expect(receiver.calls).toHaveLength(1);
  });

  it.each([[['127.0.0.2', '127.0.0.1']], [['127.0.0.1', '127.0.0.2']]])(
    'takes the allowed ones of the addresses %s',
    async (addresses) => {
      expect(await call(callerWith(resolving(addresses)), receiver.url('both.example'))).toEqual({ status: 204 });
    },
  );

  it.each([[['127.0.0.2']], [['127.0.0.2', '::1', '169.254.169.254', '::ffff:127.0.0.2', '64:ff9b::7f00:2']], [[]]])(
    'does not connect to any of %s',
    async (addresses) => {
      expect(await call(callerWith(resolving(addresses)), receiver.url('inner.example'))).toEqual(refused);
    },
  );

  it.each(['127.0.0.2', '2130706434', '0x7f.2', '0177.0.0.2', '[::ffff:7f00:2]', '[::ffff:127.0.0.2]'])(
    'does not connect to %s, which nobody has to look up',
    async (host) => {
      const resolve = resolving(['127.0.0.1']);
      expect(await call(callerWith(resolve), receiver.url(host))).toEqual(notAllowed);
      expect(resolve.asked).toEqual([]);
    },
  );

  it('keeps to the settings of now, whatever they were when the address was given', async () => {
    const caller = callerWith(resolving(['127.0.0.1']), { http: false });
    expect(await call(caller, receiver.url('hooks.example'))).toEqual(notAllowed);
    expect(await call(caller, 'nothing')).toEqual(notAllowed);
    expect(receiver.connections).toBe(0);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect (%s)', async (status) => {
    for (const location of [inner.url('127.0.0.2'), 'http://169.254.169.254/latest/meta-data/', '/other'])
      receiver.next((response) => response.writeHead(status, { location }).end());
    const caller = callerWith(resolving(['127.0.0.1']));
    for (let times = 0; times < 3; times += 1)
      expect(await call(caller, receiver.url('hooks.example'))).toEqual({ status });
    expect(receiver.calls.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook']);
  });

  it('tells the wait that was asked for', async () => {
    const late = new Date(Date.now() + 60_000).toUTCString();
    for (const value of ['7', late, 'soon'])
      receiver.next((response) => response.writeHead(503, { 'retry-after': value }).end());
    const caller = callerWith(resolving(['127.0.0.1']));
    expect(await call(caller, receiver.url('a.example'))).toEqual({ status: 503, retryAfterMs: 7_000 });
    const dated = await call(caller, receiver.url('a.example'));
    expect(dated).toHaveProperty('retryAfterMs', expect.closeTo(59_000, -4));
    expect(await call(caller, receiver.url('a.example'))).toEqual({ status: 503 });
  });

  it('reads no more of an answer than it must, and counts its head', async () => {
    const longest = 33_554_432;
    let written = 0;
    let cut = false;
    receiver.next((response) => {
      response.writeHead(200);
      response.on('close', () => (cut = true));
      const pour = (): void => {
        while (!response.destroyed && written < longest && response.write(Buffer.alloc(65_536))) written += 65_536;
      };
      response.on('drain', pour);
      pour();
    });
    // Whoever wants the whole of it waits longer than the test does.
    const caller = callerWith(resolving(['127.0.0.1']), { timeoutMs: 120_000 });
    expect(await call(caller, receiver.url('a.example'))).toEqual({ status: 200 });
    await vi.waitFor(() => expect(cut).toBe(true), { timeout: 5_000 });
    expect(written).toBeLessThan(longest);
  });

  it('does not unpack an answer', async () => {
    receiver.next((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('this is no gzip'));
    expect(await call(callerWith(resolving(['127.0.0.1'])), receiver.url('a.example'))).toEqual({ status: 200 });
    expect(receiver.calls[0]?.headers['accept-encoding']).toBeUndefined();
  });

  it('waits no longer than it may for an answer, nor for the end of one', async () => {
    const caller = callerWith(resolving(['127.0.0.1']), { timeoutMs: 300 });
    receiver.next(() => undefined);
    expect(await call(caller, receiver.url('a.example'))).toEqual({ failure: 'it gave no answer within 0.3 s' });
    receiver.next((response) => void response.writeHead(202).write('for ever'));
    expect(await call(caller, receiver.url('a.example'))).toEqual({ status: 202 });
    await vi.waitFor(() => expect(receiver.open).toBe(0), { timeout: 5_000 });
  });

  it('waits no longer than it may for its name', async () => {
    const caller = callerWith(() => undefined, { timeoutMs: 300 });
    expect(await call(caller, receiver.url('a.example'))).toEqual({ failure: 'it gave no answer within 0.3 s' });
  });

  describe('that fails', () => {
    let raw: Server;
    let say = (_text: string): string => '';
    beforeAll(async () => {
      raw = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (chunk) => socket.end(say(chunk.toString())));
      });
      raw.listen(0, '127.0.0.1');
      await once(raw, 'listening');
    });
    afterAll(() => raw.close());
    const rawUrl = (): string => `http://a.example:${(raw.address() as { port: number }).port}/`;

    it.each([
      ['', 'it cut the connection (UND_ERR_SOCKET)'],
      ['hello\r\n\r\n', 'its answer is not HTTP (HPE_INVALID_CONSTANT)'],
      [
        `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(70_000)}\r\n\r\n`,
        'the head of its answer is too long (UND_ERR_HEADERS_OVERFLOW)',
      ],
    ])('says why, and quotes nothing (%#)', async (text, failure) => {
      say = () => text;
      expect(await call(callerWith(resolving(['127.0.0.1'])), rawUrl())).toEqual({ failure });
    });

    it('says when nobody listens, and when nobody has the name', async () => {
      const gone = await WebhookReceiver.start();
      const url = gone.url('a.example');
      await gone.close();
      const failure = 'nobody listens there (ECONNREFUSED)';
      expect(await call(callerWith(resolving(['127.0.0.1'])), url)).toEqual({ failure });
      const nobody: Resolve = (_name, _options, callback) =>
        callback(Object.assign(new Error('secret.example'), { code: 'ENOTFOUND' }), []);
      expect(await call(callerWith(nobody), url)).toEqual({ failure: 'its name is not known (ENOTFOUND)' });
    });
  });
});

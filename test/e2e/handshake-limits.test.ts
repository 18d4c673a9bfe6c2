import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Connections } from '../../src/gateway/connections.js';
import { longestLargeBody } from '../../src/rest/large-body.interceptor.js';
import { problem } from '../../src/rest/problem.js';
import { memberOf, messageOf } from '../support/events.js';
import { RawSocket, upgradeHeaders } from '../support/raw-socket.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const docs = '482241773318701056';
const patience = 0.5;
const headBound = 4_096;
const payloadBound = 2_048;
/** What a body may have beyond the largest payload of a notification. */
const bodyMargin = 16_384;

let app: TestApp;
let connections: Connections;
const sockets: RawSocket[] = [];

beforeAll(async () => {
  app = await startTestApp({
    HANDSHAKE_SECONDS: String(patience),
    MAX_HEADER_BYTES: String(headBound),
    QUEUE_MAX_PAYLOAD_BYTES: String(payloadBound),
  });
  connections = app.app.get(Connections);
});
afterAll(() => app.close());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await vi.waitFor(() => expect(connections.size, 'connections that are still counted').toBe(0));
});

async function open(): Promise<RawSocket> {
  const socket = await RawSocket.open(app.url);
  sockets.push(socket);
  return socket;
}

/** The status of the last answer on a connection that has ended, which must be a problem. */
async function refusal(client: RawSocket): Promise<number> {
  await vi.waitFor(() => expect(client.ended, client.received).toBe(true));
  const answer = client.received.slice(client.received.lastIndexOf('HTTP/1.1 '));
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toContain('application/problem+json');
  const { status } = problem.parse(JSON.parse(body));
  expect(head).toContain(`HTTP/1.1 ${status} `);
  return status;
}

describe('the head of a request', () => {
  const requestOf = (bytes: number) => {
    const [before, after] = ['GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: ', '\r\n\r\n'];
    return `${before}${'x'.repeat(bytes - before.length - after.length)}${after}`;
  };

  it('may be as long as its bound', async () => {
    const client = await open();
    // What Node counts is a little less than all bytes of the head.
    client.socket.write(requestOf(headBound));
    await vi.waitFor(() => expect(client.received).toContain('{"status":"ok"}'));
  });

  it.each([
    ['a request', requestOf(headBound + 200)],
    ['a path', `GET /${'x'.repeat(headBound + 200)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['an upgrade', `GET /ws HTTP/1.1\r\n${upgradeHeaders.join('\r\n')}\r\nX: ${'x'.repeat(headBound)}\r\n\r\n`],
  ])('is refused with 431 when it is longer: %s', async (_name, request) => {
    const client = await open();
    client.socket.write(request);
    expect(await refusal(client)).toBe(431);
  });

  it('is refused with 408 when it never ends, however busy its sender looks', async () => {
    const [slow, silent] = [await open(), await open()];
    slow.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    const drip = setInterval(() => slow.socket.write('X: y\r\n'), 20);
    try {
      expect(await refusal(slow)).toBe(408);
      expect(await refusal(silent)).toBe(408);
    } finally {
      clearInterval(drip);
    }
  });
});

describe('the body of a request', () => {
  const post = (body: string, below = '') =>
    fetch(`${app.url}/api/v1/notifications${below}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${testKeys.publish}` },
      body,
    });
  const notification = (bytes: number) => {
    const body = { target: { userId: '123456789' }, type: 'x', payload: { text: '' } };
    body.payload.text = 'x'.repeat(bytes - JSON.stringify(body).length);
    return JSON.stringify(body);
  };

  it('is read up to its bound, and refused with 413 beyond', async () => {
    const most = payloadBound + bodyMargin;
    // Read: what is wrong with it is the payload inside.
    expect(await (await post(notification(most))).json()).toMatchObject({
      status: 413,
      detail: expect.stringMatching(/payload/i) as unknown,
    });
    const tooMany = await post(notification(longestLargeBody + 1));
    expect(tooMany.status).toBe(413);
    expect(problem.parse(await tooMany.json())).toMatchObject({ code: 'request.too_large' });
    const answer = await post(notification(most + 1), '/preview');
    expect(answer.status).toBe(413);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(problem.parse(await answer.json())).toMatchObject({
      code: 'request.too_large',
      detail: 'request entity too large',
    });
  });

  it('is counted as it is after its compression', async () => {
    const { gzipSync } = await import('node:zlib');
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
    const send = (content: Buffer, encoding: string) =>
      fetch(`${app.url}/api/v1/notifications`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-encoding': encoding,
          authorization: `Bearer ${testKeys.publish}`,
        },
        body: content,
      });
    const answer = await send(bomb, 'gzip');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([413, expect.stringContaining('problem+json')]);
    for (const [encoding, content, status] of [
      ['gzip', gzipSync(notification(200)), 202],
      ['gzip', Buffer.from('no gzip'), 400],
      ['zstd', Buffer.from('x'), 415],
    ] as const) {
      expect((await send(content, encoding)).status, encoding).toBe(status);
    }
  });
});

describe('the first word on a socket', () => {
  it('must come in time on WebSocket: those who say nothing, or nothing of use, are closed', async () => {
    const [quiet, noisy] = [await WebSocketClient.open(app.url), await WebSocketClient.open(app.url)];
    const begun = performance.now();
    const noise = setInterval(() => noisy.send('no JSON'), 50);
    for (const client of [quiet, noisy]) await client.until(() => client.closed !== undefined, 5_000);
    clearInterval(noise);
    for (const { closed } of [quiet, noisy]) expect(closed).toEqual({ code: 3502, reason: 'silent' });
    // Timers count whole milliseconds, and these began before we heard of it.
    expect(performance.now() - begun).toBeGreaterThan(patience * 1000 - 100);
  });

  it('must come in time on socket.io: whoever enters no namespace is ended', async () => {
    const hello = await (await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`)).text();
    const { sid } = JSON.parse(hello.slice(1)) as { sid: string };
    const poll = () => fetch(`${app.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`);
    const upgraded = await open();
    upgraded.request('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', ...upgradeHeaders);
    await vi.waitFor(() => expect(connections.size).toBe(2));
    await vi.waitFor(() => expect(upgraded.ended).toBe(true));
    await vi.waitFor(async () => expect((await poll()).status).toBe(400));
    expect(connections.size).toBe(0);
  });

  it('came in time from those who are in a room: they are left alone', async () => {
    const asked = await WebSocketClient.open(app.url);
    asked.connect({ server: 'docs' });
    const byPath = await WebSocketClient.open(app.url, '/ws/guilds/docs');
    const waiting = await WebSocketClient.open(app.url);
    waiting.connect({ server: 'nowhere' });
    const sio = await SocketIoClient.open(app.url);
    const polling = await SocketIoClient.open(app.url, { transports: ['polling'] });
    for (const client of [sio, polling]) await client.ask('join', { guildId: docs });
    const stream = await open();
    stream.request('GET /api/v1/guilds/docs/events HTTP/1.1', 'Host: x', 'Accept: text/event-stream');
    await vi.waitFor(() => expect(stream.received).toContain('event: snapshot'));
    // Somebody silent who came after them is gone: so was everybody's time.
    const late = await WebSocketClient.open(app.url);
    await late.until(() => late.closed !== undefined, 5_000);
    expect(late.closed?.code).toBe(3502);

    await app.log.append(messageOf(docs, memberOf('223456789012345001'), 'still here'));
    for (const client of [asked, byPath]) expect((await client.nextOf('message')).data.message).toBe('still here');
    for (const client of [sio, polling]) await vi.waitFor(() => expect(client.events).toHaveLength(1));
    await vi.waitFor(() => expect(stream.received).toContain('still here'));
    expect(waiting.closed).toBeUndefined();
    for (const client of [sio, polling]) client.close();
    for (const client of [asked, byPath, waiting]) await client.close();
  });
});

import { once } from 'node:events';
import { type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Connections } from '../../src/gateway/connections.js';
import { RawSocket, upgradeHeaders } from '../support/raw-socket.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp, testKeys } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

let app: TestApp;
let connections: Connections;
/** The server's side of every connection. */
const served = new Set<Socket>();
const sockets: RawSocket[] = [];

beforeAll(async () => {
  app = await startTestApp({ MAX_CONNECTIONS: '4', REFUSAL_HOLD_SECONDS: '0.1' });
  connections = app.app.get(Connections);
  app.app.getHttpServer().on('connection', (socket: Socket) => {
    served.add(socket);
    socket.once('close', () => served.delete(socket));
  });
});
afterAll(() => app.close());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await vi.waitFor(() => expect(connections.size, 'connections that are still counted').toBe(0));
});

async function open(options?: { halfOpen?: boolean }): Promise<RawSocket> {
  const socket = await RawSocket.open(app.url, options);
  sockets.push(socket);
  return socket;
}

async function stillServes(): Promise<void> {
  const client = await WebSocketClient.open(app.url);
  client.connect({ server: 'docs' });
  expect((await client.nextOf('server-join')).data.serverName).toBe('Docs (WIP)');
  await client.close();
}

const streamRequest = ['GET /api/v1/guilds/docs/events HTTP/1.1', 'Host: x', 'Accept: text/event-stream'];

describe('streams that were asked for oddly', () => {
  it('gives back what a pipelined stream took, also when its turn never came', async () => {
    const client = await open();
    client.request(...streamRequest, '', ...streamRequest, '', ...streamRequest);
    await vi.waitFor(() => expect(client.received).toContain('event: snapshot'));
    client.destroy();
    await vi.waitFor(() => expect(connections.size).toBe(0));
    await stillServes();
  });

  it('answers HEAD with the headers of the stream alone, and holds nothing', async () => {
    const client = await open();
    client.request(...streamRequest.map((line) => line.replace('GET', 'HEAD')));
    await vi.waitFor(() => expect(client.received).toContain('HTTP/1.1 200 OK'));
    expect(client.received).toContain('text/event-stream');
    expect(client.received).not.toContain('snapshot');
    await vi.waitFor(() => expect(connections.size).toBe(0));
  });
});

describe('upgrades that nobody can use', () => {
  it.each(['/socket.io', '/socket.io?EIO=4&transport=websocket'])(
    'leaves no upgrade of %s without an answer',
    async (path) => {
      const client = await open();
      client.request(`GET ${path} HTTP/1.1`, ...upgradeHeaders);
      await vi.waitFor(() => expect(client.received).toContain('HTTP/1.1 101'));
      await vi.waitFor(() => expect(client.received).toContain('server-list'));
    },
  );

  it.each([
    ['no key', upgradeHeaders.slice(0, -1)],
    ['an odd version', upgradeHeaders.map((line) => line.replace(': 13', ': 99'))],
    ['a key that is none', upgradeHeaders.map((line) => line.replace(/Key: .*/, 'Key: no'))],
    ['nothing but the word', ['Host: x', 'Connection: Upgrade', 'Upgrade: ']],
  ])('refuses %s and ends the connection', async (_name, headers) => {
    const client = await open({ halfOpen: true });
    client.request('GET /ws HTTP/1.1', ...headers);
    await vi.waitFor(() => expect(client.received).toMatch(/HTTP\/1\.1 4\d\d|HTTP\/1\.1 200/));
    client.destroy();
    await stillServes();
  });

  it.each([
    'GET /socket.io/?EIO=4&transport=websocket&sid=none HTTP/1.1',
    'GET /socket.io/?EIO=4&transport=polling HTTP/1.1',
    'GET /socket.io/?EIO=3&transport=websocket HTTP/1.1',
    'POST /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    'GET /socket.io/?EIO=4&transport=__proto__ HTTP/1.1',
    'GET /socket.io/%ff%fe?EIO=4&transport=constructor HTTP/1.1',
  ])('answers the upgrade %s and lives', async (line) => {
    const client = await open();
    client.request(line, ...upgradeHeaders);
    await vi.waitFor(() => expect(client.received + String(client.ended)).toMatch(/HTTP\/1\.1|true/));
    client.destroy();
    await stillServes();
  });

  it('cuts those it has no room for, also when they never end their side', async () => {
    const kept = await Promise.all([1, 2, 3, 4].map(() => WebSocketClient.open(app.url)));
    const before = served.size;
    const client = await open({ halfOpen: true });
    await vi.waitFor(() => expect(served.size).toBe(before + 1));
    client.request('GET /ws HTTP/1.1', ...upgradeHeaders);
    // An open WebSocket, since only that can say why: close code 3002 and its name.
    await vi.waitFor(() => expect(client.received).toContain('\x88\x0e\x0b\xbaservice-full'));
    await vi.waitFor(() => expect(served.size).toBe(before));
    for (const one of kept) await one.close();
  });

  it('answers a request that offers HTTP/2 besides, as curl and Java do', async () => {
    const client = await open();
    client.request(
      'GET /api/v1/guilds/docs HTTP/1.1',
      'Host: x',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
    );
    await vi.waitFor(() => expect(client.received).toContain('"alias":"docs"'));
    expect(client.received).toContain('HTTP/1.1 200 OK');
    const stream = await open();
    stream.request(...streamRequest, 'Connection: Upgrade', 'Upgrade: h2c');
    await vi.waitFor(() => expect(stream.received).toContain('event: snapshot'));
    expect(connections.size).toBe(1);
    stream.destroy();
    await vi.waitFor(() => expect(connections.size).toBe(0));
  });

  it('takes the body of a request that offers HTTP/2 besides, as Java sends it with its first notification', async () => {
    const client = await open();
    const body = JSON.stringify({ type: 'backup_success', target: { user: '1' }, payload: { name: 'x'.repeat(100) } });
    client.request(
      'POST /api/v1/notifications HTTP/1.1',
      'Host: x',
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
      `Authorization: Bearer ${testKeys.publish}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    );
    client.socket.write(body.slice(0, 50));
    await new Promise((resolve) => setImmediate(resolve));
    client.socket.write(body.slice(50));
    // The target is wrong on purpose: whoever says so has read the body.
    await vi.waitFor(() => expect(client.received).toContain('HTTP/1.1 400'));
    expect(client.received).toContain('"target');
    client.request('GET /api/v1/guilds/docs HTTP/1.1', 'Host: x');
    await vi.waitFor(() => expect(client.received).toContain('"alias":"docs"'));
    client.destroy();
  });

  it('survives an upgrade behind a request that is not answered yet', async () => {
    for (let n = 0; n < 5; n += 1) {
      const client = await open();
      client.request('GET /api/v1/guilds HTTP/1.1', 'Host: x', '', 'GET /ws HTTP/1.1', ...upgradeHeaders);
      await vi.waitFor(() => expect(client.received).toContain('HTTP/1.1'));
      client.destroy();
    }
    await stillServes();
  });

  it('survives clients that are gone before their answer', async () => {
    const page = ['GET /api/v1/guilds/docs HTTP/1.1', 'Host: x'];
    for (const request of [streamRequest, page, ['GET /ws HTTP/1.1', ...upgradeHeaders]]) {
      const client = await open();
      client.request(...request);
      client.socket.resetAndDestroy();
    }
    await stillServes();
  });
});

describe('socket.io connections that play their own game', () => {
  const handshake = async () => {
    const response = await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`);
    const { sid } = JSON.parse((await response.text()).slice(1)) as { sid: string };
    const address = `${app.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    return { say: (body: string) => fetch(address, { method: 'POST', body }), hear: () => fetch(address) };
  };

  it('counts a connection that joins no namespace, and one that left it', async () => {
    const idle = await handshake();
    expect(connections.size).toBe(1);
    await idle.say('1');
    const client = await SocketIoClient.open(app.url);
    await vi.waitFor(() => expect(connections.size).toBe(1));
    // A disconnect of the namespace alone, as no client of the library sends it.
    client.socket.io.engine.write('41');
    await once(client.socket as never, 'disconnect');
    await vi.waitFor(() => expect(connections.size).toBe(0));
    client.close();
  });

  it.each([
    ['another namespace', '40/admin,'],
    ['an event named error', '40\u001e42["error",{}]'],
    ['an event named by a number', '40\u001e42[7,{}]'],
    ['an event named __proto__', '40\u001e42["__proto__",{"__proto__":1}]'],
    ['an acknowledgement nobody waits for', '40\u001e430[{}]\u001e430[{}]'],
    ['the same acknowledgement id twice', '40\u001e420["guilds"]\u001e420["guilds"]'],
    ['a binary event without its parts', '40\u001e451-["join",{"_placeholder":true,"num":0}]\u001e42["join",{}]'],
    ['more binary parts than anybody needs', '40\u001e45999999-["join",{"_placeholder":true,"num":0}]'],
    ['a placeholder out of range', '40\u001e451-["join",{"_placeholder":true,"num":9}]\u001ebAAAA'],
    ['a packet of no known type', '40\u001e49999'],
    ['no packets at all', 'nonsense\u001e\u001e'],
    ['an event before the namespace', '42["join",{}]'],
    ['binary as the guild', '40\u001e451-0["join",{"_placeholder":true,"num":0}]\u001ebAAAA'],
  ])('lives on after %s', async (_name, body) => {
    const client = await handshake();
    await client.say(body).catch(() => undefined);
    await client.say('1').catch(() => undefined);
    await stillServes();
  });
});

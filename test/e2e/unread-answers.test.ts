import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Connection, Connections } from '../../src/gateway/connections.js';
import { clientFrame, opcodes, readFrames } from '../support/raw-frames.js';
import { RawSocket, upgradeHeaders } from '../support/raw-socket.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const bound = 262_144;
const sio = '/socket.io/?EIO=4&transport=websocket';

let app: TestApp;
let connections: Connections;
const sockets: RawSocket[] = [];

beforeAll(async () => {
  app = await startTestApp({ SLOW_CLIENT_BYTES: String(bound) });
  connections = app.app.get(Connections);
});
afterAll(() => app.close());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await vi.waitFor(() => expect(connections.size, 'connections that are still counted').toBe(0));
});

async function upgrade(path: string): Promise<RawSocket> {
  const socket = await RawSocket.open(app.url, { halfOpen: true });
  sockets.push(socket);
  socket.request(`GET ${path} HTTP/1.1`, ...upgradeHeaders);
  await vi.waitFor(() => expect(socket.received).toContain('HTTP/1.1 101'));
  return socket;
}

/** The most that ever waits for anybody in this process while a client says the same until it is ended. */
async function flood(client: RawSocket, frame: Buffer, ended: () => boolean): Promise<number> {
  const open = (connections as unknown as { open: Set<Connection> }).open;
  const many = Buffer.concat(Array<Buffer>(2_000).fill(frame));
  let most = 0;
  client.socket.pause();
  // As much as the machine's own buffers may take before anything waits here, and as much again.
  for (let sent = 0; sent < 60_000_000 && !ended(); sent += many.length) {
    if (!client.socket.write(many)) {
      const drained = once(client.socket, 'drain').catch(() => undefined);
      await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
    await new Promise((resolve) => setImmediate(resolve));
    for (const connection of open) most = Math.max(most, connection.waiting());
  }
  return most;
}

describe('a client that has answers sent and reads none', () => {
  it.each([
    ['pings on WebSocket', '/ws', clientFrame(opcodes.ping, 'x'.repeat(125))],
    ['pings on socket.io', sio, clientFrame(opcodes.ping, 'x'.repeat(125))],
    ['other namespaces on socket.io', sio, clientFrame(opcodes.text, '40/elsewhere,')],
    ['its own namespace on socket.io, again', sio, clientFrame(opcodes.text, '40')],
    ['acknowledgements on socket.io', sio, clientFrame(opcodes.text, '430["x"]')],
    ['messages on socket.io', sio, clientFrame(opcodes.text, '420["guilds"]')],
  ])('is ended before much waits for it: %s', async (_name, path, frame) => {
    const client = await upgrade(path);
    if (path === sio) {
      client.socket.write(clientFrame(opcodes.text, '40'));
      await vi.waitFor(() => expect(client.received).toContain('40{"sid"'));
    }
    await vi.waitFor(() => expect(connections.size).toBe(1));
    const ended = () => connections.size === 0;
    const most = await flood(client, frame, ended);
    // What is closed decently goes when its close is not answered.
    await vi.waitFor(() => expect(ended()).toBe(true), { timeout: 10_000 });
    expect(most).toBeLessThanOrEqual(2 * bound);
  });

  it('is ended when it probes for an upgrade and never makes one', async () => {
    const hello = await (await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`)).text();
    const { sid } = JSON.parse(hello.slice(1)) as { sid: string };
    const client = await upgrade(`${sio}&sid=${sid}`);
    for (let n = 0; n < 16; n += 1) client.socket.write(clientFrame(opcodes.text, '2probe'));
    const probed = () => client.received.split('3probe').length - 1;
    await vi.waitFor(() => expect(probed()).toBe(16));
    expect(connections.size).toBe(1);
    client.socket.write(clientFrame(opcodes.text, '2probe'));
    await vi.waitFor(() => expect(connections.size).toBe(0));
  });
});

describe('a client that reads its answers', () => {
  it('may ping as often as it likes', async () => {
    for (const path of ['/ws', sio]) {
      const client = await upgrade(path);
      const pongs = () => {
        const bytes = Buffer.from(client.received.slice(client.received.indexOf('\r\n\r\n') + 4), 'latin1');
        return readFrames(bytes).frames.filter(({ first }) => first === (0x80 | opcodes.pong)).length;
      };
      for (let n = 1; n <= 200; n += 1) {
        client.socket.write(clientFrame(opcodes.ping, String(n)));
        if (n % 20 === 0) await vi.waitFor(() => expect(pongs()).toBe(n));
      }
      expect(connections.size).toBe(1);
      client.destroy();
      await vi.waitFor(() => expect(connections.size).toBe(0));
    }
    const other = await WebSocketClient.open(app.url, '/ws/guilds/docs');
    await other.nextOf('server-join');
    await other.close();
  });
});

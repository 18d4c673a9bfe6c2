import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ClientAdmission } from '../../src/gateway/client-admission.js';
import { Connections } from '../../src/gateway/connections.js';
import {
  type ConnectionKind,
  connectionKinds,
  type OpenConnection,
  openConnection,
  refusalOf,
} from '../support/connection-kinds.js';
import { RawSocket, upgradeHeaders } from '../support/raw-socket.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

let app: TestApp;
let connections: Connections;
const opened: OpenConnection[] = [];

afterEach(async () => {
  for (const connection of opened.splice(0)) await connection.close();
  await vi.waitFor(() => expect(connections.size, 'connections that are still counted').toBe(0));
});

function useApp(env: Record<string, string>): void {
  beforeAll(async () => {
    app = await startTestApp(env);
    connections = app.app.get(Connections);
  });
  afterAll(() => app.close());
}

async function open(kind: ConnectionKind, address?: string): Promise<OpenConnection> {
  const connection = await openConnection(kind, app, address === undefined ? {} : { 'x-forwarded-for': address });
  opened.push(connection);
  return connection;
}

/** Opens one that must be let in. */
async function enter(kind: ConnectionKind, address?: string): Promise<OpenConnection> {
  const connection = await open(kind, address);
  expect(connection.turned, `${kind} was turned away`).toBeUndefined();
  return connection;
}

/** Opens one of each kind, all of which must be turned away for this reason. */
async function refusesAll(reason: 'service-full' | 'address-full', address?: string): Promise<void> {
  const turned = await Promise.all(connectionKinds.map(async (kind) => [kind, (await open(kind, address)).turned]));
  expect(turned).toMatchObject(connectionKinds.map((kind) => [kind, refusalOf(kind, reason)]));
}

describe('the bound of all connections', () => {
  useApp({ MAX_CONNECTIONS: '2', REFUSAL_HOLD_SECONDS: '0.05' });

  it.each(connectionKinds)(
    'counts %s, refuses every kind beyond it, and has room again when one ends',
    async (kind) => {
      const [first] = [await enter(kind), await enter('websocket')];
      expect(connections.size).toBe(2);
      await refusesAll('service-full');
      expect(connections.size).toBe(2);
      await first.close();
      await vi.waitFor(() => expect(connections.size).toBe(1));
      for (const other of connectionKinds) {
        await (await enter(other)).close();
        await vi.waitFor(() => expect(connections.size, other).toBe(1));
      }
    },
  );
});

describe('the bound of connections from one address', () => {
  useApp({ MAX_CONNECTIONS_PER_ADDRESS: '1', REFUSAL_HOLD_SECONDS: '0.05', TRUST_PROXY: 'loopback' });

  it.each(connectionKinds)('counts %s, and no other address', async (kind) => {
    const first = await enter(kind, '203.0.113.1');
    await refusesAll('address-full', '203.0.113.1');
    for (const [index, other] of connectionKinds.entries()) await enter(other, `203.0.113.${index + 2}`);
    await first.close();
    await vi.waitFor(() => expect(connections.size).toBe(connectionKinds.length));
    await enter(kind, '203.0.113.1');
  });

  it('takes one /64 of IPv6 for one address', async () => {
    await enter('websocket', '2001:db8:1:2::1');
    await refusesAll('address-full', '2001:db8:1:2:ffff:ffff:ffff:9');
    await enter('socket.io', '2001:db8:1:3::1');
    await enter('sse', '2001:db8:2:2::1');
  });

  it('takes IPv4 in the dress of IPv6 for what it is', async () => {
    await enter('sse', '::ffff:203.0.113.9');
    await refusesAll('address-full', '203.0.113.9');
    await enter('long poll', '203.0.113.10');
  });
});

describe('refused clients', () => {
  const hold = 300;
  useApp({ MAX_CONNECTIONS_PER_ADDRESS: '1', REFUSAL_HOLD_SECONDS: String(hold / 1000) });

  it('are held on every transport: without any patience of its own one can try but once a hold', async () => {
    await enter('sse');
    const rounds = 3;
    await Promise.all(
      connectionKinds.map(async (kind) => {
        const begun = performance.now();
        // Asks again the moment it is let go.
        for (let round = 0; round < rounds; round += 1) {
          // A timer may be some part of a millisecond early.
          expect((await open(kind)).turned?.held, kind).toBeGreaterThanOrEqual(hold - 2);
        }
        expect(performance.now() - begun).toBeGreaterThanOrEqual(rounds * (hold - 2));
      }),
    );
    expect(connections.size).toBe(1);
  });

  it('are not believed when they name another address, since no proxy is trusted', async () => {
    await enter('websocket', '203.0.113.1');
    await refusesAll('address-full', '203.0.113.2');
  });

  it('are let go when they leave before their hold is over', async () => {
    await enter('sse');
    const client = await WebSocketClient.open(app.url);
    await client.close();
    expect(client.frames).toEqual([]);
    const raw = await RawSocket.open(app.url);
    raw.request('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', ...upgradeHeaders);
    await vi.waitFor(() => expect(raw.received).toContain('HTTP/1.1 101'));
    raw.socket.resetAndDestroy();
    await refusesAll('address-full');
  });

  it('may ask nothing while they are held', async () => {
    await enter('sse');
    const client = await WebSocketClient.open(app.url);
    client.connect({ server: 'docs' });
    client.send('no JSON either');
    await client.until(() => client.closed !== undefined, 5_000);
    expect(client.frames).toEqual([]);
    expect(client.closed).toEqual({ code: 3003, reason: 'address-full' });
  });
});

describe('refused clients beyond those that can be held', () => {
  useApp({ MAX_CONNECTIONS: '1', REFUSAL_HOLD_SECONDS: '30' });
  afterEach(() => void vi.restoreAllMocks());

  it('are let go at once: by HTTP where there is an answer, without a word where there is none', async () => {
    await enter('sse');
    // A thousand others are held.
    vi.spyOn(app.app.get(ClientAdmission), 'canHold', 'get').mockReturnValue(false);
    expect((await open('sse')).turned).toMatchObject(refusalOf('sse', 'service-full'));
    expect((await open('long poll')).turned).toMatchObject(refusalOf('long poll', 'service-full'));
    const webSocket = await RawSocket.open(app.url, { halfOpen: true });
    webSocket.request('GET /ws HTTP/1.1', ...upgradeHeaders);
    await vi.waitFor(() => expect(webSocket.ended).toBe(true));
    expect(webSocket.received).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\nRetry-After: 5\r\n/);
    const socketIo = await RawSocket.open(app.url);
    socketIo.request('GET /socket.io/?EIO=4&transport=websocket HTTP/1.1', ...upgradeHeaders);
    // A close frame, before it could say who it is.
    await vi.waitFor(() => expect(socketIo.received).toContain('\x88'));
    for (const socket of [webSocket, socketIo]) socket.destroy();
    expect(connections.size).toBe(1);
  });
});

describe('the bounds as they are without settings', () => {
  useApp({});

  it('let 300 clients of one address in at once, each with its world', async () => {
    const clients = await Promise.all(Array.from({ length: 300 }, () => WebSocketClient.open(app.url)));
    for (const client of clients) client.connect({ server: 'dworld' });
    const worlds = await Promise.all(clients.map((client) => client.nextOf('server-join', 15_000)));
    expect(worlds.every(({ data }) => data.serverName === 'D-World')).toBe(true);
    expect(clients.flatMap(({ frames }) => frames.filter(({ type }) => type === 'error'))).toEqual([]);
    expect(connections.size).toBe(300);
    expect(clients.filter(({ closed }) => closed)).toEqual([]);
    await Promise.all(clients.map((client) => client.close()));
  });
});

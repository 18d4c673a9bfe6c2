import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NamespaceClients, NamespaceServer } from '../support/namespace-programs.js';
import { namespacesBarred, SwitchedNetwork } from '../support/network-namespace.js';

const barred = namespacesBarred();
const title = 'peers whose machine has vanished from the network';

/** Seconds. A client that lives must answer within one of them, also on a busy machine. */
const heartbeat = 2;

/** Milliseconds until a peer must be gone. It takes two heartbeats, and no timeout of a library or a kernel is as short. */
const deadline = 15_000;

describe.skipIf(barred !== undefined)(barred === undefined ? title : `${title} (not here: ${barred})`, () => {
  const tidying: (() => Promise<void>)[] = [];
  let network: SwitchedNetwork;
  let neighbours: NamespaceClients;

  beforeAll(async () => {
    network = await SwitchedNetwork.open();
    tidying.push(() => network.close());
    const server = await NamespaceServer.start(network.middle, {
      HEARTBEAT_SECONDS: String(heartbeat),
      // Enough to fill, within seconds, what the kernels hold for a client that does not read.
      MOCK_PACE: '500',
      // Nobody is to be cut for what waits for them.
      SLOW_CLIENT_BYTES: '1000000000',
    });
    tidying.push(() => server.kill());
    const open = async (...[machine, url, kinds]: Parameters<typeof NamespaceClients.open>) => {
      const clients = await NamespaceClients.open(machine, url, kinds);
      tidying.push(() => clients.kill());
      return clients;
    };
    const kinds = ['socket.io', 'socket.io polling', 'websocket', 'sse'] as const;
    neighbours = await open(network.middle, `http://127.0.0.1:${server.port}`, [...kinds]);
    const away = `http://10.9.0.1:${server.port}`;
    await open(await network.plug(2), away, [...kinds]);
    await open(await network.plug(3), away, ['stuck sse']);
    expect(await neighbours.connections()).toMatchObject({ 'socket.io': 4, websocket: 2, sse: 3 });
    await vi.waitFor(async () => expect(await stuckWindow()).toBe('closed'), { timeout: 60_000, interval: 200 });
    await network.unplug(2);
  }, 90_000);

  afterAll(async () => {
    for (const tidy of tidying.reverse()) await tidy();
  });

  /** What the server's kernel says of the client that is there and does not read: connected, and a window to probe. */
  async function stuckWindow(): Promise<'closed' | 'open'> {
    const table = await network.middle.run('cat', '/proc/net/tcp');
    return / 0100090A:[\dA-F]{4} 0300090A:[\dA-F]{4} 01 \S+ 04:/.test(table) ? 'closed' : 'open';
  }

  it.each([
    ['socket.io', 2],
    ['websocket', 1],
    ['sse', 2],
  ])('are gone from %s', async (transport, left) => {
    await vi.waitFor(async () => expect(await neighbours.connections()).toMatchObject({ [transport]: left }), {
      timeout: deadline,
      interval: 100,
    });
  });

  it('cost no other peer its connection, neither one that reads nor one that is there and does not', async () => {
    const before = await neighbours.heard();
    await vi.waitFor(
      async () => {
        for (const [kind, { open, count }] of Object.entries(await neighbours.heard())) {
          expect(open, kind).toBe(true);
          expect(count, kind).toBeGreaterThan(before[kind as keyof typeof before]?.count ?? 0);
        }
      },
      { timeout: deadline, interval: 100 },
    );
    expect(await stuckWindow()).toBe('closed');
    expect(await neighbours.connections()).toMatchObject({ 'socket.io': 2, websocket: 1, sse: 2 });
  });
});

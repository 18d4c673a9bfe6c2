import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { transportNames } from '../../../src/gateway/transport.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { joinOf, memberOf, messageOf } from '../../support/events.js';
import { RawSocket } from '../../support/raw-socket.js';
import { SocketIoClient } from '../../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { WebSocketClient } from '../../support/websocket-client.js';

const dworld = '232769614004748288';
const stranger = memberOf('555000111222333444');

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ SLOW_CLIENT_BYTES: '16384', PRESENCE_WINDOW_MS: '0' });
});
afterAll(() => app.close());
/** What one test closed must not count in the next. */
afterEach(async () => {
  const gone = async () => (await Promise.all(transportNames.map(connections))).every((open) => open === 0);
  await vi.waitFor(async () => expect(await gone()).toBe(true), { timeout: 5_000 });
});

/** The value of one sample, such as `guildcast_x{a="b"}`. */
async function read(sample: string): Promise<number | undefined> {
  const text = await app.app.get(Metrics, { strict: false }).expose();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length));
}

/** How much samples grow while `act` runs. */
async function growth(samples: Record<string, string>, act: () => Promise<void>): Promise<Record<string, number>> {
  const before = await Promise.all(Object.values(samples).map(read));
  await act();
  const after = await Promise.all(Object.values(samples).map(read));
  return Object.fromEntries(Object.keys(samples).map((name, index) => [name, after[index]! - before[index]!]));
}

const connections = (transport: string) => read(`guildcast_connections{transport="${transport}"}`);
const joins = (transport: string, outcome: string) =>
  `guildcast_joins_total{transport="${transport}",outcome="${outcome}"}`;
const deliveries = (transport: string) => `guildcast_deliveries_total{transport="${transport}"}`;

async function stream(): Promise<RawSocket> {
  const source = await RawSocket.open(app.url);
  source.request('GET /api/v1/guilds/dworld/events HTTP/1.1', 'Host: x', 'Accept: text/event-stream');
  await vi.waitFor(() => expect(source.received).toContain('event: snapshot'));
  return source;
}

/** Clients that do not read; they answer how to let go of them. */
async function stuckZone(): Promise<() => void> {
  const zone = await WebSocketClient.open(app.url);
  zone.connect({ server: 'dworld' });
  await zone.nextOf('server-join');
  zone.socket.pause();
  return () => zone.socket.terminate();
}

async function stuckStream(): Promise<() => void> {
  const source = await stream();
  source.socket.pause();
  return () => source.destroy();
}

async function stuckSocket(): Promise<() => void> {
  const client = await SocketIoClient.open(app.url);
  await client.ask('join', { guildId: 'dworld' });
  const { transport } = client.socket.io.engine as unknown as { transport: { ws: { pause(): void } } };
  transport.ws.pause();
  return () => client.close();
}

describe('the metrics of the gateway', () => {
  it('count the connections of each transport, and those that end', async () => {
    const sio = await SocketIoClient.open(app.url);
    const zones = [await WebSocketClient.open(app.url), await WebSocketClient.open(app.url)];
    const source = await stream();
    const open = async () => [await connections('socket.io'), await connections('websocket'), await connections('sse')];
    expect(await open()).toEqual([1, 2, 1]);
    sio.close();
    source.destroy();
    await Promise.all(zones.map((zone) => zone.close()));
    await vi.waitFor(async () => expect(await open()).toEqual([0, 0, 0]));
    expect(await connections('polling')).toBe(0);
  });

  it('count joins by how they end', async () => {
    const client = await SocketIoClient.open(app.url);
    const samples = {
      fresh: joins('socket.io', 'fresh'),
      recovered: joins('socket.io', 'recovered'),
      notRecovered: joins('socket.io', 'not_recovered'),
      refused: joins('socket.io', 'refused'),
      elsewhere: joins('websocket', 'fresh'),
    };
    const grown = await growth(samples, async () => {
      const { cursor } = await client.ask('join', { guildId: 'dworld' });
      await client.ask('join', { guildId: 'dworld', cursor });
      await client.ask('join', { guildId: 'dworld', cursor: 'lost:1' });
      await client.ask('join', { guildId: 'oauth' });
      await client.ask('join', { guildId: 'nobody-knows-it' });
    });
    expect(grown).toEqual({ fresh: 1, recovered: 1, notRecovered: 1, refused: 2, elsewhere: 0 });
    client.close();
  });

  it('count a join on every other transport too', async () => {
    const zone = await WebSocketClient.open(app.url);
    const samples = {
      websocket: joins('websocket', 'fresh'),
      sse: joins('sse', 'fresh'),
      poll: joins('polling', 'fresh'),
    };
    const grown = await growth(samples, async () => {
      zone.connect({ server: 'dworld' });
      await zone.nextOf('server-join');
      (await stream()).destroy();
      await (await fetch(`${app.url}/api/v1/guilds/dworld/events`)).json();
    });
    expect(grown).toEqual({ websocket: 1, sse: 1, poll: 1 });
    await zone.close();
  });

  it('count what is handed to the members of a room, and nobody else', async () => {
    const [sio, other] = [await SocketIoClient.open(app.url), await SocketIoClient.open(app.url)];
    for (const client of [sio, other]) await client.ask('join', { guildId: 'dworld' });
    const elsewhere = await SocketIoClient.open(app.url);
    await elsewhere.ask('join', { guildId: 'docs' });
    const zone = await WebSocketClient.open(app.url);
    zone.connect({ server: 'dworld' });
    await zone.nextOf('server-join');
    const source = await stream();
    const samples = { sio: deliveries('socket.io'), zone: deliveries('websocket'), sse: deliveries('sse') };
    const grown = await growth(samples, async () => {
      await app.log.append(messageOf(dworld, stranger, 'hello'));
      await app.log.append(joinOf(dworld, stranger));
      await vi.waitFor(() => expect(sio.events).toHaveLength(2));
    });
    // A d-zone client gets two frames for somebody who joins.
    expect(grown).toEqual({ sio: 4, zone: 3, sse: 2 });
    expect(await read('guildcast_rooms')).toBe(2);
    for (const client of [sio, other, elsewhere]) client.close();
    source.destroy();
    await zone.close();
  });

  it.each([
    ['websocket', stuckZone],
    ['sse', stuckStream],
    ['socket.io', stuckSocket],
  ] as const)('count a reader that is cut on %s, once', async (transport, open) => {
    const cut = { cut: `guildcast_slow_readers_cut_total{transport="${transport}"}` };
    const grown = await growth(cut, async () => {
      const leave = await open();
      await vi.waitFor(
        async () => {
          for (let n = 0; n < 100; n += 1) await app.log.append(messageOf(dworld, stranger, 'x'.repeat(4_000)));
          expect(await connections(transport)).toBe(0);
        },
        { timeout: 15_000, interval: 5 },
      );
      leave();
    });
    expect(grown).toEqual({ cut: 1 });
  });
});

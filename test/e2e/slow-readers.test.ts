import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { GuildRooms } from '../../src/gateway/guild-rooms.js';
import { type CrowdClient } from '../support/crowd/crowd-client.js';
import { CrowdServer } from '../support/crowd/crowd-server.js';
import { PollingCrowdClient, StreamCrowdClient } from '../support/crowd/http.crowd-client.js';
import { SocketIoCrowdClient, ZoneCrowdClient } from '../support/crowd/web-socket.crowd-client.js';
import { memberOf, messageOf } from '../support/events.js';
import { SocketIoClient } from '../support/socket-io-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { WebSocketClient } from '../support/websocket-client.js';

const docs = '482241773318701056';
const author = memberOf('223456789012345001', { displayName: 'nntin.xyz/me' });
const bound = 16_384;

let app: TestApp;

async function say(count: number, length = 2_000): Promise<void> {
  for (let n = 0; n < count; n += 1) await app.log.append(messageOf(docs, author, 'x'.repeat(length)));
}

describe('readers that do not read', () => {
  beforeEach(async () => {
    app = await startTestApp({ SLOW_CLIENT_BYTES: String(bound) });
  });
  afterEach(() => app.close());

  it('cost a bounded amount on socket.io polling, and nobody else anything', async () => {
    const healthy = await SocketIoClient.open(app.url);
    await healthy.ask('join', { guildId: docs });
    // By hand, since the library would poll.
    const hello = await (await fetch(`${app.url}/socket.io/?EIO=4&transport=polling`)).text();
    const { sid } = JSON.parse(hello.slice(1)) as { sid: string };
    const address = `${app.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    await fetch(address, { method: 'POST', body: '40' });
    await fetch(address, { method: 'POST', body: `42["join",{"guildId":"${docs}"}]` });
    const occupants = () => app.app.get(GuildRooms).peek(docs)?.occupants;
    await vi.waitFor(() => expect(occupants()).toBe(2));
    // Turn by turn, and in less time than any periodic look takes to come round.
    for (let n = 0; n < 8; n += 1) {
      await say(64);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await vi.waitFor(() => expect(occupants()).toBe(1), { timeout: 2_000 });
    // What waited for it is there, the reason is the last of it, and then there is nothing any more.
    const rest = await (await fetch(address)).text();
    expect(rest.length).toBeLessThan(bound * 20);
    expect(rest).toContain('42["closing",{"code":3008,"reason":"slow-consumer"');
    await vi.waitFor(async () => expect((await fetch(address)).status).toBe(400));
    await say(1);
    await vi.waitFor(() => expect(healthy.events).toHaveLength(513));
    healthy.close();
  });

  it('are not those who get a long answer to their resume', async () => {
    const first = await WebSocketClient.open(app.url);
    first.connect({ server: 'docs' });
    const { cursor } = (await first.nextOf('server-join')).data;
    await first.close();
    // More than a socket's buffers take at once, and far above the bound.
    await say(3_000, 4_000);
    const second = await WebSocketClient.open(app.url);
    second.connect({ server: 'docs', resume: cursor });
    expect((await second.nextOf('server-join')).data.recovered).toBe(true);
    await say(1);
    await second.until(() => second.frames.filter(({ type }) => type === 'message').length === 3_001, 15_000);
    expect(second.closed).toBeUndefined();
    expect(second.frames.filter(({ type }) => type === 'message')).toHaveLength(3_001);
    await second.close();
  });
});

const dworld = '232769614004748288';
/** Bytes that fifty clients may cost which stopped reading, with `SLOW_CLIENT_BYTES` as it is by default. */
const mostGrowth = 24 * 1_024 * 1_024;

/** `label`: how the measurements call the transport. */
const kinds = {
  'socket.io': { open: (url: string) => SocketIoCrowdClient.open(url), label: 'socket.io' },
  polling: { open: (url: string) => PollingCrowdClient.open(url), label: 'socket.io' },
  WebSocket: { open: (url: string) => ZoneCrowdClient.open(url), label: 'websocket' },
  'event streams': { open: (url: string) => StreamCrowdClient.open(url), label: 'sse' },
};
type Kind = keyof typeof kinds;
const everyKind = Object.keys(kinds) as Kind[];

let server: CrowdServer;
const opened: CrowdClient[] = [];

/** Each has about 450 bytes on the wire, on WebSocket 300. */
const publish = (count: number, burst: number) => server.publish({ guildId: dworld, count, burst, length: 100 });
const connections = (kind: Kind) => server.metric(`guildcast_connections{transport="${kinds[kind].label}"}`);
const cuts = (kind: Kind) => server.metric(`guildcast_slow_readers_cut_total{transport="${kinds[kind].label}"}`);
const waiting = (kind: Kind) => server.metric(`guildcast_waiting_bytes{transport="${kinds[kind].label}"}`);

function enter(kind: Kind, count: number): Promise<CrowdClient[]> {
  const entering = async () => {
    const client = await kinds[kind].open(server.url);
    opened.push(client);
    return client.enter(dworld, server.newest);
  };
  return Promise.all(Array.from({ length: count }, entering));
}

async function stall(kind: Kind, count: number): Promise<CrowdClient[]> {
  const clients = await enter(kind, count);
  for (const client of clients) client.stall();
  return clients;
}

/** How much more the process holds than at the beginning, at most. */
class Growth {
  most = 0;
  resident = 0;

  private constructor(private readonly before: { bytes: number; resident: number }) {}

  static async begin(): Promise<Growth> {
    return new Growth(await server.held());
  }

  async look(): Promise<void> {
    const { bytes, resident } = await server.held();
    this.most = Math.max(this.most, bytes - this.before.bytes);
    this.resident = Math.max(this.resident, resident - this.before.resident);
  }

  toString(): string {
    const [most, resident] = [this.most, this.resident].map((bytes) => (bytes / 1_048_576).toFixed(1));
    return `${most} MiB (resident ${resident} MiB)`;
  }
}

describe('fifty clients that stopped reading', () => {
  beforeAll(async () => {
    server = await CrowdServer.start();
    // The history is full, so that what grows from here on is what waits for clients.
    await publish(12_500, 250);
  });
  afterAll(() => server.stop());
  /** What one test held must not count in the next. */
  afterEach(async () => {
    for (const client of opened.splice(0)) client.destroy();
    const left = async () => (await Promise.all(everyKind.map(connections))).every((count) => count === 0);
    await vi.waitFor(async () => expect(await left()).toBe(true), { timeout: 10_000 });
  });

  it.each(everyKind)('cost little memory on %s before they are cut', { timeout: 60_000 }, async (kind) => {
    const healthy = await enter(kind, 2);
    const [cutBefore, growth] = [await cuts(kind), await Growth.begin()];
    await stall(kind, 50);
    while ((await cuts(kind)) < cutBefore + 50 && growth.most < mostGrowth) {
      // First what the system holds for them. After that an event in each turn: many small writes cost more than few.
      const waits = (await waiting(kind)) > 0;
      await publish(500, waits ? 1 : 250);
      await Promise.all(healthy.map((client) => client.reach(server.newest)));
      if (waits) await growth.look();
    }
    console.info(`50 stuck on ${kind}: ${growth.toString()}`);
    expect(growth.most).toBeLessThan(mostGrowth);
    expect(await cuts(kind)).toBe(cutBefore + 50);
  });

  it('cost those who read nothing, over 100 000 events', { timeout: 120_000 }, async () => {
    const healthy = (await Promise.all(everyKind.map((kind) => enter(kind, 8)))).flat();
    const sampled = healthy.filter((_, index) => index % 4 === 0);

    /** Bursts and single events. Whoever reads is at most 1 000 events behind; `between` runs while nothing happens. */
    async function stream(count: number, between?: (done: number) => Promise<void>): Promise<number[]> {
      for (const client of sampled) client.latencies = [];
      for (let done = 0; done < count; done += 500) {
        await between?.(done);
        await publish(495, 495);
        await publish(5, 1);
        await Promise.all(healthy.map((client) => client.reach(server.newest - 1_000)));
      }
      await Promise.all(healthy.map((client) => client.reach(server.newest)));
      return sampled.flatMap(({ latencies }) => latencies ?? []).sort((one, other) => one - other);
    }
    const p99 = (latencies: readonly number[]) => latencies[Math.floor(latencies.length * 0.99)];

    // The first ones are slower: nothing is compiled yet.
    await stream(2_500);
    const without = await stream(5_000);
    const cutBefore = await Promise.all(everyKind.map(cuts));
    const growth = await Growth.begin();
    const stuck: CrowdClient[] = [];
    const started = server.newest;
    // One group after the other: those who stop at the same time share what waits for them.
    const withThem = await stream(100_000, async (done) => {
      if (done % 10_000 === 5_000) await growth.look();
      if (done % 4_000 !== 0 || stuck.length === 50) return;
      const kind = everyKind[(done / 4_000) % everyKind.length]!;
      stuck.push(...(await stall(kind, Math.min(4, 50 - stuck.length))));
    });
    console.info(`50 stuck: ${growth.toString()}; p99 ${p99(withThem)} ms, without them ${p99(without)} ms`);

    expect(stuck).toHaveLength(50);
    expect(growth.most).toBeLessThan(mostGrowth);
    expect(server.newest).toBe(started + 100_000);
    expect(healthy.filter(({ fault, ended, offset }) => fault ?? (ended || offset !== server.newest))).toEqual([]);
    expect(withThem.at(-1)).toBeLessThan(5_000);
    const cut = (await Promise.all(everyKind.map(cuts))).map((count, index) => count - (cutBefore[index] ?? 0));
    expect(cut).toEqual([26, 26, 12, 12]);
    const left = () => Promise.all(everyKind.map(connections));
    await vi.waitFor(async () => expect(await left()).toEqual([16, 16, 8, 8]), { timeout: 10_000 });
    await Promise.all(stuck.map((client) => client.drain()));
    // What they got before they were cut was whole, too.
    expect(stuck.map(({ fault }) => fault).filter((fault) => fault !== undefined)).toEqual([]);
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '@nestjs/common';
import { type Closing } from '../../../src/domain/closing.js';
import { type Connection, Connections } from '../../../src/gateway/connections.js';
import { type GatewayConfig, gatewayConfig } from '../../../src/gateway/gateway.config.js';
import { GatewayMetrics } from '../../../src/gateway/gateway.metrics.js';
import { type GuildRooms } from '../../../src/gateway/guild-rooms.js';
import { type TransportName } from '../../../src/gateway/transport.js';
import { Metrics } from '../../../src/telemetry/metrics.js';

let metrics: Metrics;

function connectionsWith(settings: Partial<Record<keyof GatewayConfig, number>>): Connections {
  metrics = new Metrics();
  const counted = new GatewayMetrics(metrics, { size: 0 } as GuildRooms);
  return new Connections(gatewayConfig.parse(settings), counted, metrics);
}

class Client implements Connection {
  readonly heard: Closing[] = [];
  constructor(
    readonly address = '203.0.113.1',
    readonly transport: TransportName = 'websocket',
    private readonly queued = 0,
    private readonly onClose: () => void = () => undefined,
  ) {}
  waiting(): number {
    return this.queued;
  }
  close(closing: Closing): void {
    this.heard.push(closing);
    this.onClose();
  }
}

async function read(sample: string): Promise<number | undefined> {
  const line = (await metrics.expose()).split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length));
}

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('who is let in', () => {
  it('is everybody up to the bound of all, and again when one has ended', () => {
    const connections = connectionsWith({ MAX_CONNECTIONS: 2 });
    const leave = connections.add(new Client('203.0.113.1'));
    expect(connections.refusal('203.0.113.9')).toBeUndefined();
    connections.add(new Client('203.0.113.2', 'sse'));
    expect(connections.refusal('203.0.113.9')).toMatchObject({ code: 3002, reason: 'service-full', retryAfter: 5 });
    leave();
    expect(connections.refusal('203.0.113.9')).toBeUndefined();
    expect(connections.size).toBe(1);
  });

  it('is everybody up to the bound of one address, others meanwhile', () => {
    const connections = connectionsWith({ MAX_CONNECTIONS_PER_ADDRESS: 1 });
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const leave = connections.add(new Client('203.0.113.1'));
    expect(connections.refusal('203.0.113.1')).toMatchObject({ code: 3003, reason: 'address-full', retryAfter: 5 });
    expect(connections.refusal('203.0.113.2')).toBeUndefined();
    leave();
    expect(connections.refusal('203.0.113.1')).toBeUndefined();
  });

  it('is nobody twice: an end that is told again counts once', async () => {
    const connections = connectionsWith({ MAX_CONNECTIONS_PER_ADDRESS: 2 });
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const leave = connections.add(new Client());
    connections.add(new Client());
    connections.add(new Client('203.0.113.2', 'sse'));
    leave();
    leave();
    connections.add(new Client());
    expect(connections.refusal('203.0.113.1')?.reason).toBe('address-full');
    expect(await read('guildcast_connections{transport="websocket"}')).toBe(2);
    expect(await read('guildcast_connections{transport="sse"}')).toBe(1);
  });

  it('remembers no address whose last connection has ended', () => {
    const connections = connectionsWith({});
    const leaves = Array.from({ length: 100 }, (_, n) => connections.add(new Client(`203.0.113.${n}`)));
    for (const leave of leaves) leave();
    expect((connections as unknown as { byAddress: Map<string, number> }).byAddress.size).toBe(0);
  });

  it('is told to the operator once a minute at most, with the address and the settings to look at', () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    vi.useFakeTimers({ toFake: ['performance'] });
    const connections = connectionsWith({ MAX_CONNECTIONS_PER_ADDRESS: 1 });
    connections.add(new Client());
    for (let n = 0; n < 10; n += 1) connections.refusal('203.0.113.1');
    expect(warned).toHaveBeenCalledTimes(1);
    expect(String(warned.mock.calls[0]?.[0])).toMatch(/203\.0\.113\.1.*TRUST_PROXY.*MAX_CONNECTIONS_PER_ADDRESS/);
    vi.advanceTimersByTime(60_000);
    connections.refusal('203.0.113.1');
    expect(warned).toHaveBeenCalledTimes(2);
  });
});

describe('what waits', () => {
  it('is summed over the connections of each transport when somebody asks', async () => {
    const connections = connectionsWith({});
    for (const queued of [5, 7]) connections.add(new Client('203.0.113.1', 'websocket', queued));
    const leave = connections.add(new Client('203.0.113.1', 'sse', 11));
    const waiting = (transport: string) => read(`guildcast_waiting_bytes{transport="${transport}"}`);
    expect([await waiting('websocket'), await waiting('sse'), await waiting('socket.io')]).toEqual([12, 11, 0]);
    leave();
    expect(await waiting('sse')).toBe(0);
  });
});

describe('the end of the process', () => {
  /** How many of so many clients hear of the end in each round, and the milliseconds from the first to the last. */
  async function closings(count: number, DRAIN_SECONDS: number): Promise<{ rounds: number[]; span: number }> {
    const connections = connectionsWith({ DRAIN_SECONDS });
    const rounds: number[] = [];
    const times: number[] = [];
    let inRound = 0;
    const clients = Array.from({ length: count }, () => {
      const client: Client = new Client('203.0.113.1', 'websocket', 0, () => {
        times.push(performance.now());
        // Whatever is closed in one go comes before any promise is looked at.
        if (inRound === 0) {
          queueMicrotask(() => {
            rounds.push(inRound);
            inRound = 0;
          });
        }
        inRound += 1;
        leave();
      });
      const leave = connections.add(client);
      return client;
    });
    await connections.beforeApplicationShutdown();
    expect(connections.size).toBe(0);
    expect(clients.map(({ heard }) => heard.map(({ code, reason }) => [code, reason]))).toEqual(
      clients.map(() => [[3001, 'shutdown']]),
    );
    return { rounds, span: Math.max(...times) - Math.min(...times) };
  }

  it('is spread over the window in even rounds', async () => {
    const { rounds, span } = await closings(1_000, 0.5);
    expect(rounds).toEqual(Array(10).fill(100));
    // Timers count whole milliseconds.
    expect(span).toBeGreaterThanOrEqual(9 * 49);
  });

  it('takes no more rounds than it must for a few', async () => {
    expect((await closings(10, 5)).rounds).toEqual([10]);
    expect((await closings(25, 5)).rounds).toEqual([10, 10, 5]);
  });

  it('is at once without a window', async () => {
    expect((await closings(500, 0)).rounds).toEqual([500]);
  });

  it('lets nobody in any more, and tells those who came in meanwhile too', async () => {
    const connections = connectionsWith({ DRAIN_SECONDS: 0.2 });
    for (let n = 0; n < 100; n += 1) connections.add(new Client());
    expect(connections.draining).toBe(false);
    const ended = connections.beforeApplicationShutdown();
    expect(connections.draining).toBe(true);
    expect(connections.refusal('198.51.100.1')).toMatchObject({ code: 3001, reason: 'shutdown', retryAfter: 5 });
    const late = new Client();
    connections.add(late);
    await ended;
    expect(late.heard.map(({ reason }) => reason)).toEqual(['shutdown']);
  });

  it('says nothing to those who left before their turn', async () => {
    const connections = connectionsWith({ DRAIN_SECONDS: 0.2 });
    const clients = Array.from({ length: 100 }, () => new Client());
    const leaves = clients.map((client) => connections.add(client));
    const ended = connections.beforeApplicationShutdown();
    leaves.at(-1)?.();
    await ended;
    expect(clients.at(-1)?.heard).toEqual([]);
    expect(clients.at(-2)?.heard.length).toBeGreaterThan(0);
  });
});

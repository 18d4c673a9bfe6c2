import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DrainedClient, drainedKinds } from '../support/drained-client.js';
import { type GuildcastProcess, startGuildcast } from '../support/guildcast-process.js';
import { RawSocket } from '../support/raw-socket.js';

const drainSeconds = 1;
const wanted = 2_000;
/** Files that this process and the program may each have open. Node itself has raised the limit as far as it may. */
const files = Number(execFileSync('sh', ['-c', 'ulimit -n']).toString().replace('unlimited', 'Infinity'));
const count = Math.max(50, Math.min(wanted, files - 500));
const fewer = count < wanted ? ` (not ${wanted}: a process may open ${files} files here)` : '';

let program: GuildcastProcess;
let stopped: Promise<number | null> | undefined;
const clients: DrainedClient[] = [];

beforeAll(async () => {
  program = await startGuildcast({
    env: {
      DRAIN_SECONDS: String(drainSeconds),
      MAX_CONNECTIONS_PER_ADDRESS: '5000',
      RATE_LIMIT_JOINS_PER_MINUTE: '100000',
      MOCK_PACE: '0',
    },
  });
});
afterEach(() => {
  for (const client of clients) client.destroy();
});
afterAll(async () => {
  if (!stopped) await program.kill();
});

/** All kinds alike, few at a time: a port's backlog takes no more. */
async function openAll(): Promise<void> {
  for (let first = 0; first < count; first += 100) {
    const some = Array.from({ length: Math.min(100, count - first) }, async (_, n) => {
      // Some will answer no close.
      const client = await DrainedClient.open(program.url, drainedKinds[n % 3]!, n % 20 !== 0);
      clients.push(client);
      return client;
    });
    const opened = await Promise.all(some);
    await vi.waitFor(() => expect(opened.every(({ inside }) => inside)).toBe(true), { timeout: 10_000, interval: 5 });
  }
}

describe(`the end of a program with ${count} clients${fewer}`, () => {
  it('is told to every one of them, spread over its window, while it says that it is not ready', async () => {
    await openAll();
    const asking = await RawSocket.open(program.url);
    const askReadiness = () => asking.request('GET /readyz HTTP/1.1', 'Host: x');
    askReadiness();
    await vi.waitFor(() => expect(asking.received).toContain('"status":"ready"'));

    stopped = program.stop();
    // Behind the signal, as fast as it answers. What was open when the first refusal came is what it was refused beside.
    let openAtRefusal: number | undefined;
    asking.socket.on('data', () => {
      const refused = asking.received.includes('"status":"draining"');
      if (refused) openAtRefusal ??= clients.filter(({ ended }) => !ended).length;
      else askReadiness();
    });
    askReadiness();
    expect(await stopped, program.output()).toBe(0);

    await vi.waitFor(() => expect(clients.every(({ ended }) => ended)).toBe(true));
    expect(asking.received).toContain('HTTP/1.1 503');
    expect(openAtRefusal).toBeGreaterThan(0);
    const untold = clients.filter(({ toldAt }) => toldAt === undefined).map(({ kind }) => kind);
    expect(untold, 'clients that were not told why').toEqual([]);
    expect(clients.filter(({ whole }) => !whole)).toEqual([]);

    const times = clients.map(({ toldAt }) => toldAt!).sort((a, b) => a - b);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan((drainSeconds * 1000) / 2);
    // Nor half of them in one go, at the begin.
    const middle = times[Math.floor(times.length / 2)]!;
    expect(middle - times[0]!).toBeGreaterThan((drainSeconds * 1000) / 5);
    expect(program.output()).not.toMatch(/"level":[56]0|did not end in time/);
    asking.destroy();
  }, 60_000);

  it('leaves nobody listening', async () => {
    await expect(fetch(`${program.url}/healthz`)).rejects.toThrow();
  });
});

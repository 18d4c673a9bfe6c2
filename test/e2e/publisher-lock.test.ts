import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { key, PublisherBench, send, userId } from '../support/publisher-bench.js';
import { type PeerAnswer, problem } from '../support/publisher-peer.js';

const root = path.join(import.meta.dirname, '../..');
const built = path.join(root, 'dist/publisher/index.js');
const program = path.join(root, 'test/support/publisher-program.mjs');
const stopAtTakeover = path.join(root, 'test/support/stop-at-takeover.mjs');

let bench: PublisherBench;
let folder: string;
const children: ChildProcess[] = [];
/** Requests whose answer waits for the test, by their place. */
let held: Map<number, { release: () => void; answered: Promise<void> }>;

beforeEach(async () => {
  bench = await PublisherBench.open();
  bench.proxy.cut();
  const publisher = bench.publisherWith({}, true);
  for (const number of [1, 2, 3, 4, 5]) await send(publisher, number);
  folder = path.join(bench.root, path.dirname((await bench.spooled())[0]!));
  bench.proxy.mend();
  bench.peer.requests.length = 0;
  held = new Map();
  bench.peer.script = async (request): Promise<PeerAnswer> => {
    const answer = bench.peer.accept(request);
    await held.get(bench.peer.requests.length)?.answered;
    return answer;
  };
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const { release } of held.values()) release();
  await bench.close();
});

const lock = () => path.join(folder, 'drain.lock');

/** The answer to the request of this number waits for `release`. */
function hold(place: number): void {
  let release = (): void => undefined;
  const answered = new Promise<void>((resolve) => (release = resolve));
  held.set(place, { answered, release });
}

/** A program that publishes so many, and what it says of it. */
function start(name: string, count: number, last = '', { preload = '', shell = '' } = {}) {
  const settings = { url: bench.proxy.url, key, userId, spool: bench.root, timeoutMs: 50_000, retryBaseMs: 600_000 };
  const options = preload === '' ? [] : ['--import', preload];
  const args = [...options, program, built, JSON.stringify(settings), name, String(count), last];
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child =
    shell === ''
      ? spawn(process.execPath, args, { stdio: [...stdio] })
      : spawn('/bin/sh', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...args], { stdio: [...stdio] });
  children.push(child);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  return { child, lines: () => printed.split('\n').slice(0, -1), ended: once(child, 'exit') };
}

/** What arrived, once each, and that it came under one key however often it was sent. */
function arrived(): string[] {
  const keys = new Map<string, Set<unknown>>();
  for (const { headers, bodies } of bench.peer.requests) {
    for (const { payload, idempotencyKey } of bodies) {
      const { name = '', number } = payload as { name?: string; number: number };
      const known = keys.get(`${name}${number}`) ?? new Set();
      keys.set(`${name}${number}`, known.add(idempotencyKey ?? headers['idempotency-key']));
    }
  }
  expect([...keys.values()].map(({ size }) => size)).toEqual([...keys].map(() => 1));
  expect(bench.peer.accepted).toHaveLength(keys.size);
  return [...keys.keys()];
}

describe.skipIf(process.platform === 'win32')('the lock of a spool', { timeout: 60_000 }, () => {
  it('is lost by one that is stopped for longer than its patience: it notices, and nothing is lost or sent twice', async () => {
    hold(1);
    hold(3);
    const stalled = start('a', 1);
    await vi.waitFor(() => expect(bench.peer.requests).toHaveLength(1), { timeout: 20_000 });
    stalled.child.kill('SIGSTOP');
    // A minute passes.
    const before = new Date(Date.now() - 61_000);
    await utimes(lock(), before, before);
    const second = start('b', 1, 'flush');
    // The second has sent the first letter too, which the stopped one may have sent or not, and is at the next two.
    await vi.waitFor(() => expect(bench.peer.requests).toHaveLength(3), { timeout: 20_000 });
    held.get(1)!.release();
    stalled.child.kill('SIGCONT');
    // It sends no other letter, also not its own: that is for who has the lock.
    expect(await stalled.ended).toEqual([0, null]);
    expect(stalled.lines()).toEqual(['1 spooled']);
    expect(bench.peer.requests).toHaveLength(3);
    await access(lock());
    held.get(3)!.release();
    await second.ended;
    expect(second.lines()).toEqual(['1 accepted', JSON.stringify({ accepted: 0, rejected: 0, waiting: 0 })]);
    expect(arrived()).toEqual(['1', '2', '3', '4', '5', 'a1', 'b1']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is given back by one that took it by mistake, and its holder goes on', async () => {
    // Of a program that is dead: a larger number than Linux gives.
    await writeFile(lock(), JSON.stringify({ pid: 2 ** 30, host: hostname() }));
    const mistaken = start('a', 1, '', { preload: stopAtTakeover });
    await vi.waitFor(() => expect(mistaken.lines()).toEqual(['stops']), { timeout: 20_000 });
    hold(1);
    const holder = start('b', 1, 'flush');
    await vi.waitFor(() => expect(bench.peer.requests).toHaveLength(1), { timeout: 20_000 });
    // What it takes away now is no dead one's any more.
    mistaken.child.kill('SIGCONT');
    expect(await mistaken.ended).toEqual([0, null]);
    expect(mistaken.lines()).toEqual(['stops', '1 spooled']);
    expect(bench.peer.requests).toHaveLength(1);
    expect((await readdir(folder)).filter((name) => !name.endsWith('.json'))).toEqual(['drain.lock']);
    held.get(1)!.release();
    await holder.ended;
    expect(holder.lines()).toEqual(['1 accepted', JSON.stringify({ accepted: 0, rejected: 0, waiting: 0 })]);
    expect(arrived()).toEqual(['1', '2', '3', '4', '5', 'a1', 'b1']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('needs no room on the disk: a full one is emptied', async () => {
    bench.peer.script = (request) =>
      request.bodies.some(({ payload }) => (payload as { number: number }).number === 2)
        ? problem(400, 'request.invalid', 'too deep')
        : bench.peer.accept(request);
    // No file may grow: a write fails, and a file can be made, renamed and removed.
    const sending = start('a', -1, 'flush', { shell: 'ulimit -f 0' });
    await sending.ended;
    expect(sending.lines()).toEqual([JSON.stringify({ accepted: 4, rejected: 1, waiting: 0 })]);
    expect(bench.numbers()).toEqual([1, 3, 4, 5]);
    // For its reason there is no room.
    expect(await readdir(folder)).toEqual(['rejected']);
    const [name] = await readdir(path.join(folder, 'rejected'));
    expect(JSON.parse(await readFile(path.join(folder, 'rejected', name!), 'utf8'))).toMatchObject({
      body: { payload: { number: 2 } },
    });
  });
});

// Fan-out side by side: what 100 000 deliveries cost the server process, for the real application over its three
// transports and for its peers, interleaved in one run. Linux only: it reads /proc and pins with taskset.
//
//   npm run bench -- [--clients 1000] [--rounds 5] [--only name,name] [--write]
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import { startEmbeddedPostgres } from '../dist/database/embedded-postgres.js';
import { configuration, startNchan } from './servers/nchan.mjs';

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const clients = Number(options.clients);
const rounds = Number(options.rounds);

const serverCore = '0';
const generatorCore = '1';
/** Above this share of its core the generator, not the server, is being measured. */
const generatorLimit = 0.8;

/** One kind of load: `count` bursts of `burst` events, one every `every` milliseconds. */
const loads = [
  { name: 'single events', burst: 1, count: 100, every: 40 },
  { name: 'bursts of 16', burst: 16, count: 12, every: 400 },
];

/** A child process that is pinned to a core, and answers orders over IPC. */
function pinned(file, core, env = {}) {
  const child = fork(path.join(import.meta.dirname, file), { env: { ...process.env, ...env } });
  spawn('taskset', ['-a', '-c', '-p', core, String(child.pid)], { stdio: 'ignore' });
  return child;
}

// The embedded database tells its life to Nest's log.
Logger.overrideLogger(false);

let nextOrder = 0;
function ask(child, order, argument) {
  const id = (nextOrder += 1);
  return new Promise((resolve, reject) => {
    const hear = (message) => {
      if (message.id !== id) return;
      child.off('message', hear);
      if (message.error) reject(new Error(message.error));
      else resolve(message.answer);
    };
    child.on('message', hear);
    child.send({ id, order, argument });
  });
}

/** Seconds of CPU that a process, all its threads and its children have used; from the scheduler, in nanoseconds. */
function cpuSeconds(pid) {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim();
    for (const child of children === '' ? [] : children.split(' ')) nanoseconds += cpuSeconds(child) * 1e9;
  }
  return nanoseconds / 1e9;
}

async function startServer(file, env) {
  const child = pinned(file, serverCore, env);
  child.once('exit', (code) => code && console.error(`${file} ended with ${code}`));
  const [{ port }] = await once(child, 'message');
  return { port, pid: child.pid, publish: (burst) => child.send({ burst }), stop: () => child.kill('SIGKILL') };
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function measure(generator, target, load) {
  await ask(generator, 'reset');
  const expected = load.burst * load.count * clients;
  const before = { server: cpuSeconds(target.server.pid), generator: cpuSeconds(generator.pid), at: performance.now() };
  for (let n = 0; n < load.count; n += 1) {
    const next = performance.now() + load.every;
    await target.server.publish(load.burst);
    await wait(Math.max(0, next - performance.now()));
  }
  let counted = await ask(generator, 'count');
  for (let tries = 0; counted.deliveries < expected && tries < 200; tries += 1) {
    await wait(50);
    counted = await ask(generator, 'count');
  }
  const seconds = (performance.now() - before.at) / 1000;
  if (counted.deliveries !== expected) {
    throw new Error(`${target.name}: ${counted.deliveries} deliveries of ${expected}`);
  }
  return {
    cpuPer100k: ((cpuSeconds(target.server.pid) - before.server) / expected) * 100_000,
    perSecond: expected / seconds,
    p50: percentile(counted.latencies, 0.5),
    p99: percentile(counted.latencies, 0.99),
    generator: (cpuSeconds(generator.pid) - before.generator) / seconds,
  };
}

const room = 'dworld';
const connectMessage = JSON.stringify({ type: 'connect', data: { server: room } });

async function startTargets(databaseUrl) {
  const guildcast = await startServer('servers/guildcast.mjs', { DATABASE_URL: databaseUrl });
  const nest = await startServer('servers/stock-nest.mjs');
  const naive = await startServer('servers/naive-ws.mjs');
  const nchan = await startNchan(serverCore);
  const join = `420["join",{"guildId":"${room}"}]`;
  const all = [
    { name: 'Nchan, WebSocket', kind: 'websocket', server: nchan, path: '/ws', entered: '\r\n\r\n' },
    { name: 'Nchan, SSE', kind: 'sse', server: nchan, path: '/sse', entered: '\r\n\r\n' },
    {
      name: 'Guildcast, WebSocket',
      kind: 'websocket',
      server: guildcast,
      path: '/ws',
      join: connectMessage,
      entered: '"server-join"',
    },
    {
      name: 'Guildcast, SSE',
      kind: 'sse',
      server: guildcast,
      path: `/api/v1/guilds/${room}/events`,
      entered: 'event: snapshot',
    },
    { name: 'Guildcast, socket.io', kind: 'socket.io', server: guildcast, join, entered: '"recovered"' },
    {
      name: 'Nest and socket.io as they come',
      kind: 'socket.io',
      server: nest,
      join: '420["join",{}]',
      entered: '430[',
    },
    { name: 'ws, a loop', kind: 'websocket', server: naive, path: '/', join: connectMessage, entered: '"server-join"' },
  ];
  const only = options.only?.split(',').map((name) => name.trim().toLowerCase());
  return {
    targets: all.filter(({ name }) => !only || only.some((wanted) => name.toLowerCase().includes(wanted))),
    stop: () => [guildcast, nest, naive, nchan].forEach((server) => server.stop()),
  };
}

function report(results) {
  const lines = [];
  for (const load of loads) {
    const figures = new Map();
    for (const { target, load: of, ...figure } of results) {
      if (of === load.name) figures.set(target, [...(figures.get(target) ?? []), figure]);
    }
    const yardstick = figures.get('Nchan, WebSocket');
    const base = yardstick && median(yardstick.map(({ cpuPer100k }) => cpuPer100k));
    lines.push(`## ${load.name}, ${clients} clients`, '');
    lines.push(
      '| server | CPU s per 100 000 deliveries | ratio to Nchan over WebSocket | deliveries/s | p50 ms | p99 ms |',
    );
    lines.push('|---|---|---|---|---|---|');
    for (const [name, list] of figures) {
      const of = (key) => median(list.map((figure) => figure[key]));
      const ratio = base ? (of('cpuPer100k') / base).toFixed(2) : '–';
      lines.push(
        `| ${name} | ${of('cpuPer100k').toFixed(3)} | ${ratio} | ${Math.round(of('perSecond'))} | ${of('p50').toFixed(1)} | ${of('p99').toFixed(1)} |`,
      );
    }
    lines.push('');
  }
  return lines.join('\n');
}

const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-bench-'));
const postgres = await startEmbeddedPostgres({ dataDir: path.join(folder, 'postgres') });
const generator = pinned('generator.mjs', generatorCore);
const { targets, stop } = await startTargets(postgres.url);
const results = [];
try {
  for (let round = 0; round <= rounds; round += 1) {
    for (const target of targets) {
      const { kind, path: address, join, entered } = target;
      await ask(generator, 'open', { kind, port: target.server.port, path: address, join, entered, clients });
      for (const load of loads) {
        const figure = await measure(generator, target, load);
        // The first round warms up: compilers, caches, buffers.
        if (round > 0) results.push({ target: target.name, load: load.name, ...figure });
        console.log(
          `${round === 0 ? 'warm-up' : `round ${round}`}  ${target.name}, ${load.name}: ${figure.cpuPer100k.toFixed(3)} CPU s, generator ${Math.round(figure.generator * 100)} %`,
        );
      }
      await ask(generator, 'close');
      await wait(300);
    }
  }
} finally {
  stop();
  generator.kill();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

const tables = report(results);
console.log(`\n${tables}`);
const busiest = Math.max(...results.map(({ generator: share }) => share));
console.log(`The generator used ${Math.round(busiest * 100)} % of its core at most.`);
if (options.write) {
  if (busiest > generatorLimit) throw new Error('The generator was the bottleneck: these results mean nothing.');
  const about = [
    '# Fan-out',
    '',
    `Medians of ${rounds} rounds, interleaved in one run. Server pinned to core ${serverCore}, generator to core ${generatorCore} of ${cpus().length} (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}.`,
    `The generator used ${Math.round(busiest * 100)} % of its core at most. \`npm run bench -- --clients ${clients} --rounds ${rounds} --write\``,
    '',
  ];
  const nginx = ['## The yardstick', '', '```nginx', configuration('/tmp/folder', 8080).trim(), '```', ''];
  writeFileSync(path.join(import.meta.dirname, 'results.md'), [...about, tables, ...nginx].join('\n'));
}

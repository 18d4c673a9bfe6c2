// What deliveries cost, and what it costs to come into a small room: both with the same clients, opened once a round.
import { setTimeout as wait } from 'node:timers/promises';
import { ask, tell } from './orders.mjs';
import { cpuSeconds, end, generatorCore, pinned } from './pinned.mjs';
import { startFor } from './targets.mjs';

/** Deliveries a second, well below what saturates the server's core of any target. */
const singlesRate = 25_000;
const burstsRate = 40_000;
/** Milliseconds that one measurement lasts. */
const duration = 3_200;

/** One kind of load: `count` bursts of `burst` events, one every `every` milliseconds. */
function load(name, burst, every) {
  return { name, burst, every, count: Math.max(2, Math.round(duration / every)) };
}

export const singles = 'single events';
export const bursts = 'bursts of 16';
/** More clients, fewer events: the rate of deliveries is the same for any number of clients. */
const loadsFor = (clients) => [
  load(singles, 1, Math.max(4, (clients / singlesRate) * 1000)),
  load(bursts, 16, Math.max(20, ((16 * clients) / burstsRate) * 1000)),
];

function stopwatch(server, generator) {
  const before = { server: cpuSeconds(server.pid), generator: cpuSeconds(generator.pid), at: performance.now() };
  return () => {
    const seconds = (performance.now() - before.at) / 1000;
    const cpu = cpuSeconds(server.pid) - before.server;
    return { seconds, cpu, core: cpu / seconds, generator: (cpuSeconds(generator.pid) - before.generator) / seconds };
  };
}

async function measureConnect(generator, target, server, clients) {
  const stop = stopwatch(server, generator);
  const { kind, path, join, entered } = target;
  await ask(generator, 'open', { kind, port: server.port, path, join, entered, clients });
  const { cpu, core, generator: share } = stop();
  return { cpuPer1000: (cpu / clients) * 1000, core, generator: share };
}

async function measureLoad(generator, target, server, { load, clients }) {
  await ask(generator, 'reset');
  const expected = load.burst * load.count * clients;
  const stop = stopwatch(server, generator);
  for (let n = 0; n < load.count; n += 1) {
    // Never early: events of one turn of the event loop would leave together.
    const next = performance.now() + load.every;
    await server.publish(load.burst);
    await wait(Math.max(0, next - performance.now()));
  }
  let deliveries = await ask(generator, 'deliveries');
  for (let tries = 0; deliveries < expected && tries < 200; tries += 1) {
    await wait(50);
    deliveries = await ask(generator, 'deliveries');
  }
  const { seconds, cpu, core, generator: share } = stop();
  if (deliveries !== expected) throw new Error(`${target.name}: ${deliveries} deliveries of ${expected}`);
  const latencies = await ask(generator, 'latencies');
  return {
    cpuPer100k: (cpu / expected) * 100_000,
    perSecond: expected / seconds,
    ...latencies,
    core,
    generator: share,
  };
}

/** One target with one number of clients: opened, measured, closed. */
async function turn({ generator, server, target, clients, withLoads, say }) {
  const figures = [];
  const percent = (share) => `${Math.round(share * 100)} %`;
  const note = (part, cost, figure) => {
    figures.push({ target: target.name, clients, ...part, ...figure });
    const what = part.load ?? 'connects';
    say(
      `${target.name}, ${clients} clients, ${what}: ${cost.toFixed(3)} CPU s, core ${percent(figure.core)}, generator ${percent(figure.generator)}`,
    );
  };
  const connect = await measureConnect(generator, target, server, clients);
  note({ part: 'connect' }, connect.cpuPer1000, connect);
  for (const load of withLoads ? loadsFor(clients) : []) {
    const figure = await measureLoad(generator, target, server, { load, clients });
    note({ part: 'fan-out', load: load.name }, figure.cpuPer100k, figure);
  }
  tell(generator, 'close');
  await wait(500);
  return figures;
}

/** Interleaved: each round is one turn of every target. Answers the figures of all turns but those that warm up. */
export async function measureFanOut({ targets, counts, rounds, withLoads, env, say }) {
  const generator = pinned('generator.mjs', generatorCore);
  const servers = new Map();
  const results = [];
  try {
    for (const { server: name } of targets) {
      if (!servers.has(name)) servers.set(name, await startFor({ server: name }, { env }));
    }
    const turnOf = (target, clients, label) =>
      turn({
        generator,
        server: servers.get(target.server),
        target,
        clients,
        withLoads,
        say: (line) => say(`${label}  ${line}`),
      });
    // Compilers, caches, buffers, and a heap for as many clients as there will be.
    for (const target of targets) await turnOf(target, Math.max(...counts), 'warm-up');
    for (const clients of counts) {
      for (let round = 1; round <= rounds; round += 1) {
        for (const target of targets) results.push(...(await turnOf(target, clients, `round ${round}`)));
      }
    }
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    await end(generator, 'SIGKILL');
  }
  return results;
}

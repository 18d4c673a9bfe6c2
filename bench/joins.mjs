// What it costs to show a large guild to many who come at the same moment, as after a restart or when a stream starts.
import { clearInterval, setInterval } from 'node:timers';
import { ask } from './orders.mjs';
import { cpuSeconds, end, generatorCore, pinned, statusBytes } from './pinned.mjs';
import { startFor } from './targets.mjs';

/** How they come, and whether the guild changes meanwhile: then what was serialised is soon of no use any more. */
export const variants = {
  quiet: { name: 'at once', changing: false, over: 0 },
  changing: { name: 'at once, a change every 100 ms', changing: true, over: 0 },
  stream: { name: 'over 5 s, a change every 100 ms', changing: true, over: 5_000 },
};

/** Joins before those that count. */
const warmUp = 20;
/** Milliseconds between two changes of a guild that changes. */
const changePause = 100;
/** A share of what is expected: a piece of a stream may end inside the text that is looked for. */
const enough = 0.99;

async function measure(generator, target, { joins, variant, env }) {
  const server = await startFor(target, { env });
  let changes;
  try {
    const { kind, path, join, text, members } = target;
    const aim = { kind, path, join, port: server.port };
    const found = await ask(generator, 'look', { target: aim, text });
    if (found < members * enough) throw new Error(`${target.name}: ${found} members of ${members} in an answer`);
    await ask(generator, 'open', { ...aim, clients: warmUp });
    await ask(generator, 'join');
    await ask(generator, 'close');

    await ask(generator, 'open', { ...aim, clients: joins });
    const from = { server: cpuSeconds(server.pid), generator: cpuSeconds(generator.pid), at: performance.now() };
    if (variant.changing) changes = setInterval(() => server.change(), changePause);
    const { bytes, places } = await ask(generator, 'join', { over: variant.over });
    const seconds = (performance.now() - from.at) / 1000;
    return {
      target: target.name,
      variant: variant.name,
      joins,
      places,
      seconds,
      cpuPer1000: ((cpuSeconds(server.pid) - from.server) / joins) * 1000,
      core: (cpuSeconds(server.pid) - from.server) / seconds,
      bytes: bytes / joins,
      peak: statusBytes(server.pid, 'VmHWM'),
      generator: (cpuSeconds(generator.pid) - from.generator) / seconds,
    };
  } finally {
    clearInterval(changes);
    await server.stop();
    await ask(generator, 'close');
  }
}

/**
 * Each measurement has a server of its own, so that its peak of memory is its own too. A server that does not survive
 * the joins costs without end, and is no reason to leave the others out.
 */
export async function measureJoins({ targets, joins, rounds, env, say }) {
  const generator = pinned('joiner.mjs', generatorCore);
  const results = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const target of targets) {
        for (const variant of target.changing ? Object.values(variants) : [variants.quiet]) {
          const figure = await measure(generator, target, { joins, variant, env }).catch((error) => {
            say(`round ${round}  ${target.name}, ${joins} joins ${variant.name}: ${error.message}`);
            return { target: target.name, variant: variant.name, joins, cpuPer1000: Number.POSITIVE_INFINITY };
          });
          results.push(figure);
          if (figure.cpuPer1000 === Number.POSITIVE_INFINITY) continue;
          const { cpuPer1000, seconds, peak, places } = figure;
          say(
            `round ${round}  ${target.name}, ${joins} joins ${variant.name}: ${cpuPer1000.toFixed(2)} CPU s for each 1000, ${seconds.toFixed(1)} s, ${places} snapshots, peak ${Math.round(peak / 1048576)} MiB, generator ${Math.round(figure.generator * 100)} %`,
          );
        }
      }
    }
  } finally {
    await end(generator, 'SIGKILL');
  }
  return results;
}

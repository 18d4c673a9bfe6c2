// What a connection holds that is in a room where nothing happens: the difference that many more of them make, once all
// garbage is gone.
import { setTimeout as wait } from 'node:timers/promises';
import { ask } from './orders.mjs';
import { end, generatorCore, pinned } from './pinned.mjs';
import { startFor } from './targets.mjs';

/** Those before that one counts: what the first clients bring into being is no cost of theirs. */
const before = 100;
export const more = 2_000;
/** Milliseconds until what a connection needed to come in is over. */
const settling = 2_000;

async function measure(generator, target, env) {
  const server = await startFor(target, { env, flags: ['--expose-gc'] });
  try {
    const { kind, path, join, entered } = target;
    const look = async (clients) => {
      await ask(generator, 'open', { kind, port: server.port, path, join, entered, clients });
      await wait(settling);
      return server.memory();
    };
    const first = await look(before);
    const second = await look(more);
    const each = (read) => (read(second) - read(first)) / more;
    // `external` has the array buffers in it.
    const heap = first.heapUsed === undefined ? undefined : each(({ heapUsed, external }) => heapUsed + external);
    const buffers = heap === undefined ? undefined : each(({ arrayBuffers }) => arrayBuffers);
    return { target: target.name, heap, buffers, rss: each(({ rss }) => rss) };
  } finally {
    await ask(generator, 'close');
    await server.stop();
  }
}

const kib = (bytes) => (bytes === undefined ? '–' : `${(bytes / 1024).toFixed(1)} KiB`);

/** Bytes for each connection. Each target gets a process of its own. */
export async function measureMemory({ targets, env, say }) {
  const generator = pinned('generator.mjs', generatorCore);
  const results = [];
  try {
    for (const target of targets) {
      const figure = await measure(generator, target, env);
      results.push(figure);
      say(`memory  ${target.name}: ${kib(figure.heap)} of heap and buffers, ${kib(figure.rss)} resident`);
    }
  } finally {
    await end(generator, 'SIGKILL');
  }
  return results;
}

import { setTimeout as wait } from 'node:timers/promises';
import { obey } from '../orders.mjs';

/** What is in use once all garbage is gone: the lowest of some readings. Needs `--expose-gc`. */
async function memory() {
  let lowest;
  // What ends in one collection (a finalizer, a weak reference) lets others end in the next.
  for (let times = 0; times < 8; times += 1) {
    globalThis.gc();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    if (lowest === undefined || heapUsed + external < lowest.heapUsed + lowest.external) {
      lowest = { heapUsed, external, arrayBuffers, rss };
    }
    await wait(50);
  }
  return lowest;
}

/**
 * Tells the parent the port and takes its orders: `publish` a burst of texts, all in one turn of the event loop;
 * `change` the large guild; tell of the `memory`.
 */
export function serve(port, { publish, change = () => undefined }) {
  obey({
    publish: (burst) => {
      for (let n = 0; n < burst; n += 1) publish(`at ${performance.timeOrigin + performance.now()} of a benchmark`);
    },
    change,
    memory,
  });
  process.send({ port });
}

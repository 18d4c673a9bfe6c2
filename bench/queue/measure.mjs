// Rounds in which both queues do the same, one after the other on the same Postgres.
import { Client } from 'pg';
import { measureDialect } from './dialect.mjs';
import { measureLatency, openGuildcast } from './guildcast.mjs';
import { openPgBoss } from './pg-boss.mjs';

async function freshDatabase(url, name) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  const fresh = new URL(url);
  fresh.pathname = `/${name}`;
  return fresh.href;
}

/** Calls `work(start, length)` until `count` are done, `lanes` of them at once; answers how many a second. */
async function rateOf(count, batch, lanes, work) {
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (next < count) {
        const start = next;
        next += batch;
        await work(start, batch);
      }
    }),
  );
  return count / ((performance.now() - startedAt) / 1000);
}

async function roundOf(queue, { jobs, batch, lanes }) {
  const enqueue = await rateOf(jobs, batch, lanes, (start, length) => queue.enqueue(start, length));
  let done = 0;
  const claim = await rateOf(jobs, batch, lanes, async (_, length) => {
    // Read after the wait: other lanes count too.
    const more = await queue.claimAndAck(length);
    done += more;
  });
  while (done < jobs) {
    const more = await queue.claimAndAck(batch);
    if (more === 0) throw new Error(`${queue.name} has lost ${jobs - done} of ${jobs} jobs`);
    done += more;
  }
  return { enqueue, claim };
}

/** Enqueue, and claim with acknowledgement, single and in batches of 100: jobs per second. */
export async function measureRates({ url, jobs, rounds, say }) {
  const figures = [];
  for (let round = 1; round <= rounds; round += 1) {
    const openers = round % 2 === 1 ? [openGuildcast, openPgBoss] : [openPgBoss, openGuildcast];
    for (const [index, open] of openers.entries()) {
      const queue = await open(await freshDatabase(url, `round_${round}_${index}`));
      try {
        await roundOf(queue, { jobs: 500, batch: 100, lanes: 1 });
        await roundOf(queue, { jobs: 200, batch: 1, lanes: 1 });
        for (const way of [
          { way: 'single', batch: 1, lanes: 1, jobs: jobs / 10 },
          { way: 'batches', batch: 100, lanes: 1, jobs },
          { way: 'batches, four at once', batch: 100, lanes: 4, jobs },
        ]) {
          const { enqueue, claim } = await roundOf(queue, way);
          figures.push({ part: 'rates', round, queue: queue.name, way: way.way, enqueue, claim });
          say(`round ${round}: ${queue.name}, ${way.way}: ${enqueue.toFixed(0)}/s in, ${claim.toFixed(0)}/s out`);
        }
      } finally {
        await queue.close();
      }
    }
  }
  return figures;
}

/** Milliseconds of a poll that finds nothing, and of one that finds 50, by how many finished rows there are. */
export async function measurePolls({ url, sizes, say }) {
  const queue = await openGuildcast(await freshDatabase(url, 'polls'));
  const figures = [];
  try {
    let there = 0;
    for (const finished of sizes) {
      if (finished > there) await queue.fillWithFinished(finished - there);
      there = finished;
      await queue.tidy();
      const [empty, full] = [[], []];
      for (let turn = 0; turn < 60; turn += 1) {
        const emptyAt = performance.now();
        await queue.poll();
        empty.push(performance.now() - emptyAt);
        await queue.enqueue(0, 50);
        const fullAt = performance.now();
        await queue.claimAndAck(50);
        full.push(performance.now() - fullAt);
      }
      const middle = (times) => times.sort((a, b) => a - b)[times.length / 2];
      figures.push({ part: 'polls', finished, empty: middle(empty), full: middle(full) });
      say(
        `${finished} finished rows: a poll takes ${middle(empty).toFixed(2)} ms, one for 50 with its acks ${middle(full).toFixed(2)} ms`,
      );
    }
  } finally {
    await queue.close();
  }
  return figures;
}

/** Milliseconds from the acceptance to the call of Discord while nothing else is to be done. */
export async function measureIdle({ url, say }) {
  const latencies = await measureLatency(await freshDatabase(url, 'idle'), 200);
  const at = (share) => latencies[Math.floor((latencies.length - 1) * share)];
  const figure = { part: 'idle', p50: at(0.5), p99: at(0.99) };
  say(`accepted to Discord called: p50 ${figure.p50.toFixed(1)} ms, p99 ${figure.p99.toFixed(1)} ms`);
  return [figure];
}

/** What clients of the older queue see, over HTTP. */
export async function measureOverHttp({ url, say }) {
  return measureDialect({ url: await freshDatabase(url, 'dialect'), say });
}

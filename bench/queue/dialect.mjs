// The whole program, as clients of the older event queue meet it: over HTTP, one request for each event and each mark.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { payload } from './payload.mjs';

const key = 'bench-key-of-the-queue-0001';
const program = path.join(import.meta.dirname, '../../dist/main.js');

/** The program on a database of its own; `ask` answers the JSON of an answer that is no refusal. */
async function openProgram(databaseUrl) {
  const folder = mkdtempSync(path.join(tmpdir(), 'guildcast-bench-'));
  const { PATH, HOME } = process.env;
  const limits = ['HTTP', 'PUBLISH'].map((name) => [`RATE_LIMIT_${name}_PER_MINUTE`, '1000000']);
  const child = spawn(process.execPath, [program], {
    cwd: folder,
    env: {
      ...{ PATH, HOME, HOST: '127.0.0.1', PORT: '0', DATA_DIR: folder, DATABASE_URL: databaseUrl },
      ...{ API_KEYS: `admin=${key}`, QUEUE_DELIVERY: 'pull', LOG_FORMAT: 'json', ...Object.fromEntries(limits) },
    },
  });
  let printed = '';
  child.stderr.on('data', (chunk) => (printed += chunk));
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      const found = /Open +(http:\/\/\S+?)\/?\s/.exec(printed)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`the program ended at its start:\n${printed}`)));
  });
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return {
    ask: async (method, way, body) => {
      const answer = await globalThis.fetch(url + way, { method, headers, body: body && JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${method} ${way}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const at = (times, share) => times.sort((a, b) => a - b)[Math.floor((times.length - 1) * share)];

/** Milliseconds of each of `count` calls, `lanes` at once, and how many a second. */
async function timed(count, lanes, call) {
  const times = [];
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (next < count) {
        next += 1;
        const askedAt = performance.now();
        await call();
        times.push(performance.now() - askedAt);
      }
    }),
  );
  return { times, rate: count / ((performance.now() - startedAt) / 1000) };
}

/** @param url of an empty database */
export async function measureDialect({ url, say }) {
  const queue = await openProgram(url);
  const database = new Client({ connectionString: url });
  await database.connect();
  const store = () => queue.ask('POST', '/discord/events', { user_id: '80351110224678912', event_type: 'x', payload });
  const poll = () => queue.ask('GET', '/discord/events?limit=50');
  try {
    await timed(100, 1, store);
    const alone = await timed(500, 1, store);
    const together = await timed(3_000, 8, store);
    const { stats: stored } = await queue.ask('GET', '/discord/stats');

    let marked = 0;
    const delivery = await timed(20, 1, async () => {
      const { events } = await poll();
      for (const { id } of events) await queue.ask('POST', `/discord/events/${id}/processed`);
      marked += events.length;
    });

    const polls = [];
    await database.query('truncate notifications');
    for (const pending of [0, 10_000, 100_000, 300_000]) {
      await database.query(
        `insert into notifications (target, type, payload, nonce, publisher, delivery)
         select '{"userId":"100000000"}', 'x', $1::jsonb, 'n' || n, 'bench', 'pull'
         from generate_series((select count(*) from notifications) + 1, $2::int) n`,
        [JSON.stringify(payload), pending],
      );
      await database.query('vacuum analyze notifications');
      polls.push({ pending, ms: at((await timed(20, 1, poll)).times, 0.5) });
    }
    const stats = at((await timed(20, 1, () => queue.ask('GET', '/discord/stats'))).times, 0.5);
    const figure = {
      part: 'dialect',
      alone: alone.rate,
      together: { rate: together.rate, p99: at(together.times, 0.99), stored: stored.total, sent: 3_600 },
      delivered: (marked / 20) * delivery.rate,
      polls,
      stats,
    };
    say(`the dialect over HTTP: ${JSON.stringify(figure)}`);
    return [figure];
  } finally {
    await database.end();
    await queue.close();
  }
}

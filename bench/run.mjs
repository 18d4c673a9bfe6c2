// What the real application costs beside its peers, interleaved in one run. Linux only: it reads /proc and pins with
// taskset. nginx and Nchan must be installed (Debian: nginx and libnginx-mod-nchan).
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { withPostgres } from './postgres.mjs';
import { measureFanOut } from './fan-out.mjs';
import { measureJoins } from './joins.mjs';
import { measureMemory } from './memory.mjs';
import { openFilesLimit } from './pinned.mjs';
import { bottlenecks, report } from './report.mjs';
import { joinTargets, targets } from './targets.mjs';

const allParts = ['fan-out', 'connect', 'memory', 'joins'];
/** Joins are long, and one of them is like the other. */
const mostJoinRounds = 3;

const help = `npm run bench -- [options]

  --clients 100,1000,5000   numbers of clients for the fan-out and the connects
  --rounds 5                rounds of these, and of the joins (${mostJoinRounds} at most); a table shows their medians
  --joins 1000              clients that join the large guild at once
  --parts ${allParts.join(',')}
                            what to measure
  --only name,name          targets whose name has one of these in it: ${targets.map(({ name }) => `"${name}"`).join(', ')}
  --write                   puts the results into bench/results.md; takes all parts and targets
  --help                    this text
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '100,1000,5000' },
      rounds: { type: 'string', default: '5' },
      joins: { type: 'string', default: '1000' },
      parts: { type: 'string', default: allParts.join(',') },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const list = (text) => text.split(',').map((part) => part.trim());
  const number = (text) => {
    if (/^[1-9]\d*$/.test(text)) return Number(text);
    throw new Error(`"${text}" is not a number of clients, rounds or joins.`);
  };
  const parts = list(values.parts);
  const unknown = parts.find((part) => !allParts.includes(part));
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}"; choose from ${allParts.join(', ')}.`);
  const only = values.only === undefined ? undefined : list(values.only.toLowerCase());
  const chosen = (all) => all.filter(({ name }) => !only || only.some((part) => name.toLowerCase().includes(part)));
  if (values.write && (only || parts.length < allParts.length)) {
    throw new Error('Only a run of all parts and targets is worth writing.');
  }
  return {
    help: values.help,
    write: values.write,
    parts,
    counts: list(values.clients).map(number),
    rounds: number(values.rounds),
    joins: number(values.joins),
    targets: chosen(targets),
    joinTargets: chosen(joinTargets),
  };
}

/** Sockets of both ends are in different processes; some files more belong to a process itself. */
function mustHaveFiles(sockets) {
  const limit = openFilesLimit();
  if (sockets + 500 > limit) {
    throw new Error(`${sockets} clients need more open files than the ${limit} allowed here: raise ulimit -n.`);
  }
}

async function measureAll({ parts, counts, rounds, joins, targets, joinTargets }, env) {
  const say = (line) => console.log(line);
  const withLoads = parts.includes('fan-out');
  const results = { fanOut: [], memory: [], joins: [] };
  if (withLoads || parts.includes('connect')) {
    const figures = await measureFanOut({ targets, counts, rounds, withLoads, env, say });
    results.fanOut = figures.filter(({ part }) => parts.includes(part));
  }
  if (parts.includes('memory')) results.memory = await measureMemory({ targets, env, say });
  if (parts.includes('joins')) {
    const joinRounds = Math.min(rounds, mostJoinRounds);
    results.joins = await measureJoins({ targets: joinTargets, joins, rounds: joinRounds, env, say });
  }
  return results;
}

async function run(options) {
  mustHaveFiles(Math.max(...options.counts, options.joins));
  const startedAt = performance.now();
  const results = await withPostgres(({ url }) => measureAll(options, { DATABASE_URL: url }));
  const minutes = (performance.now() - startedAt) / 60_000;
  const text = report(results, { ...options, joinRounds: Math.min(options.rounds, mostJoinRounds), minutes });
  console.log(`\n${text}`);
  if (!options.write) return;
  const [bottleneck] = bottlenecks(results);
  if (bottleneck) throw new Error(`The generator was the bottleneck with ${bottleneck.target}: nothing is written.`);
  const file = path.join(import.meta.dirname, 'results.md');
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

try {
  const options = readOptions();
  if (options.help) console.log(help);
  else await run(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

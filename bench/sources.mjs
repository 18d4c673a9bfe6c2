// What data sources cost: reading, keeping and comparing a large guild. Linux only: it reads /proc and pins with taskset.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { mustPin, openFilesLimit } from './pinned.mjs';
import { withPostgres } from './postgres.mjs';
import { guildsFor, measureFirstJoins } from './sources/first-joins.mjs';
import { countStatements, makeFixture } from './sources/fixture.mjs';
import { measurePolls } from './sources/polls.mjs';
import { measureReads, partsOfReads } from './sources/reads.mjs';
import { goalsOf, machine, report } from './sources/report.mjs';

const allParts = ['kept', 'joins', 'polls', 'reads'];
/** A written median of fewer rounds would say little. */
const leastRounds = 5;

const help = `npm run bench:sources -- [options]

  --members 10000   members of the guild
  --joins 1000      clients that join it at once
  --listeners 100   clients that hear what a look at the source changes
  --rounds 5        rounds; a table shows their medians
  --parts ${allParts.join(',')}
                    kept: a kept answer beside a reading from Postgres; joins: many at once, of a guild in no cache;
                    polls: comparing with what a room shows; reads: a reading from each source
  --json file       puts the figures of all rounds into this file too, as JSON
  --write           puts the results into bench/sources-results.md; takes all parts and ${leastRounds} rounds or more
  --help            this text
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      members: { type: 'string', default: '10000' },
      joins: { type: 'string', default: '1000' },
      listeners: { type: 'string', default: '100' },
      rounds: { type: 'string', default: '5' },
      parts: { type: 'string', default: allParts.join(',') },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const number = (name, most) => {
    const text = values[name];
    if (/^[1-9]\d{0,8}$/.test(text) && Number(text) <= most) return Number(text);
    throw new Error(`--${name} is a number from 1 to ${most}, not "${text}".`);
  };
  const parts = values.parts.split(',').map((part) => part.trim());
  const unknown = parts.find((part) => !allParts.includes(part));
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}"; choose from ${allParts.join(', ')}.`);
  const options = {
    help: values.help,
    json: values.json,
    write: values.write,
    parts,
    members: number('members', 100_000),
    joins: number('joins', 10_000),
    listeners: number('listeners', 5_000),
    rounds: number('rounds', 100),
  };
  if (options.write && (allParts.some((part) => !parts.includes(part)) || options.rounds < leastRounds)) {
    throw new Error(`Only a run of all parts and ${leastRounds} rounds or more is worth writing.`);
  }
  return options;
}

async function measureAll({ parts, members, joins, listeners, rounds, say }, { url, folder }) {
  const guilds = parts.includes('joins') ? guildsFor(rounds) : 1;
  const fixture = await makeFixture({ url, folder, count: members, guilds });
  const figures = [];
  if (partsOfReads.some((part) => parts.includes(part))) {
    figures.push(...(await measureReads({ fixture, parts, rounds, say })));
  }
  if (parts.includes('joins')) figures.push(...(await measureFirstJoins({ url, fixture, joins, rounds, say })));
  if (parts.includes('polls')) figures.push(...(await measurePolls({ url, fixture, listeners, rounds, say })));
  const { documentBytes, rowBytes } = fixture;
  return { fixture: { members, documentBytes, rowBytes }, figures };
}

async function run(options) {
  mustPin();
  const sockets = Math.max(options.joins, options.listeners);
  // Some files more belong to a process itself.
  if (sockets + 500 > openFilesLimit()) {
    throw new Error(`${sockets} clients need more open files than the ${openFilesLimit()} allowed: raise ulimit -n.`);
  }
  const startedAt = performance.now();
  const say = (line) => console.log(line);
  say(machine());
  const work = (database) => measureAll({ ...options, say }, database);
  const results = await withPostgres(work, { prepare: countStatements });
  const minutes = (performance.now() - startedAt) / 60_000;
  const text = report(results, { ...options, minutes });
  console.log(`\n${text}`);
  if (options.json !== undefined) {
    writeFileSync(options.json, JSON.stringify({ ...results, goals: goalsOf(results.figures) }));
  }
  if (!options.write) return;
  const file = path.join(import.meta.dirname, 'sources-results.md');
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

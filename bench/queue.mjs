// What the queue costs beside pg-boss, on the same real Postgres with its disk, in the same run.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { medianOf, ratio, shown, table } from './figures.mjs';
import { withPostgres } from './postgres.mjs';
import { measureIdle, measureOverHttp, measurePolls, measureRates } from './queue/measure.mjs';

const help = `npm run bench:queue -- [options]

  --jobs 10000      jobs of each round in batches; a tenth of them one by one
  --rounds 5        rounds; the table shows their medians
  --finished 1000000
                    finished rows beside which polls are measured, after none and a tenth of them
  --json file       puts the figures of all rounds into this file too, as JSON
  --write           puts the results into bench/queue-results.md; takes 5 rounds or more
  --help            this text
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '10000' },
      rounds: { type: 'string', default: '5' },
      finished: { type: 'string', default: '1000000' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const number = (name, least, most) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new Error(`--${name} is a whole number from ${least} to ${most}, not "${values[name]}".`);
  };
  const options = {
    ...values,
    jobs: Math.ceil(number('jobs', 100, 1_000_000) / 1_000) * 1_000,
    rounds: number('rounds', 1, 100),
    finished: number('finished', 10, 10_000_000),
  };
  if (options.write && options.rounds < 5) throw new Error('Only a run of 5 rounds or more is worth writing.');
  return options;
}

const goals = [
  ['single', 'enqueue', 1],
  ['single', 'claim', 1],
  ['batches', 'enqueue', 1.5],
  ['batches', 'claim', 1.5],
];
const verbs = { enqueue: 'enqueue', claim: 'claim and acknowledge' };

/** What the queue whose clients work unchanged does, on 2 cores with ext4; measured once, not in this run. */
const older = {
  alone: '170–565 a second',
  together: '105 a second, p99 1700 ms; 14 of 3000 lost',
  delivered: '100–300 a second',
  polls: { 0: '1.4', 10_000: '6.5', 100_000: '23.5', 300_000: '48.9' },
  stats: '15–42 ms',
};

function besideOlder({ alone, together, delivered, polls, stats }) {
  const { rate, p99, stored, sent } = together;
  return table(
    ['over HTTP', 'Guildcast', 'the older queue'],
    [
      ['events stored, one after the other', `${shown(alone, 0)} a second`, older.alone],
      [
        'events stored, eight at once',
        `${shown(rate, 0)} a second, p99 ${shown(p99, 0)} ms; ${sent - stored} of ${sent} lost`,
        older.together,
      ],
      ['polled in fifties and marked one by one', `${shown(delivered, 0)} a second`, older.delivered],
      ...polls.map(({ pending, ms }) => [
        `a poll beside ${pending} pending`,
        `${shown(ms, 1)} ms`,
        `${older.polls[pending]} ms`,
      ]),
      ['stats of 300000', `${shown(stats, 1)} ms`, older.stats],
    ],
  );
}

function report(figures, { jobs, rounds }) {
  const of = (queue, way, key) => medianOf(figures, key, { part: 'rates', queue, way });
  const ways = [...new Set(figures.flatMap(({ part, way }) => (part === 'rates' ? [way] : [])))];
  const rows = ways.flatMap((way) =>
    Object.entries(verbs).map(([key, verb]) => {
      const goal = goals.find(([wanted, what]) => wanted === way && what === key)?.[2];
      const [ours, theirs] = [of('Guildcast', way, key), of('pg-boss', way, key)];
      const met = goal === undefined ? '–' : ours / theirs >= goal ? `≥ ${goal}: met` : `≥ ${goal}: **missed**`;
      return [`${verb}, ${way}`, shown(ours, 0), shown(theirs, 0), ratio(ours, theirs), met];
    }),
  );
  const idle = figures.filter(({ part }) => part === 'idle');
  const polls = figures.filter(({ part }) => part === 'polls');
  const flat = (key) => Math.max(...polls.map((poll) => poll[key])) / Math.min(...polls.map((poll) => poll[key]));
  return [
    '# What the queue costs',
    `Written by \`npm run bench:queue -- --write\`. ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, ` +
      `Postgres with fsync on. Medians of ${rounds} rounds of ${jobs} jobs (a tenth of them one by one), each in a fresh database; ` +
      'the two take turns in being first. Jobs per second.',
    table(['', 'Guildcast', 'pg-boss', 'ratio', 'goal'], rows),
    '## A poll beside finished rows',
    'Milliseconds of a claim that finds nothing, and of one that takes 50 and acknowledges them.',
    table(
      ['finished rows', 'finds nothing, ms', 'takes 50, ms'],
      polls.map(({ finished, empty, full }) => [String(finished), shown(empty, 2), shown(full, 2)]),
    ),
    `Dearest against cheapest: ${shown(flat('empty'), 2)} and ${shown(flat('full'), 2)} (goal: ≤ 2).`,
    ...idle.map(({ p50, p99 }) =>
      [
        '## From accepted to Discord',
        `A notification in an idle queue: ${shown(p50, 1)} ms at the median, ${shown(p99, 1)} ms at the 99th percentile (goal: < 50 ms at the median).`,
      ].join('\n\n'),
    ),
    ...figures
      .filter(({ part }) => part === 'dialect')
      .map((figure) =>
        [
          '## Beside the older event queue',
          'The `/discord/*` dialect of the whole program, by one client, with fsync on. The figures of the older queue were measured at another time, on a like machine.',
          besideOlder(figure),
        ].join('\n\n'),
      ),
  ].join('\n\n');
}

try {
  const options = readOptions();
  if (options.help) console.log(help);
  else {
    const say = (line) => console.log(line);
    const figures = await withPostgres(async ({ url }) => [
      ...(await measureRates({ url, ...options, say })),
      ...(await measureIdle({ url, say })),
      ...(await measurePolls({ url, sizes: [0, options.finished / 10, options.finished], say })),
      ...(await measureOverHttp({ url, say })),
    ]);
    const text = report(figures, options);
    console.log(`\n${text}`);
    if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(figures));
    if (options.write) {
      const file = path.join(import.meta.dirname, 'queue-results.md');
      writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
    }
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

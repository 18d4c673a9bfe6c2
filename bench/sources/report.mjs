// The results as Markdown, and the goals.
import { cpus } from 'node:os';
import { readConfig } from '../../dist/app.config.js';
import { dash, medianOf, ratio, shown, table } from '../figures.mjs';
import { generatorCore, serverCore } from '../pinned.mjs';
import { states } from './first-joins.mjs';
import { changes } from './polls.mjs';
import { ways } from './reads.mjs';

/** How many times cheaper a kept answer is meant to be. */
const cheaper = 100;

/** Which processor and which Node this is. */
export function machine() {
  return `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}.`;
}

const milliseconds = (value) => (value === undefined ? dash : Number(value.toPrecision(3)).toString());
const times = (value) => (value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1));
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 2)} MB`;

function mediansOf(figures) {
  return {
    read: (way, key) => medianOf(figures, key, { part: 'reads', way }),
    join: (state, key) => medianOf(figures, key, { part: 'joins', state }),
    poll: ({ label }, key) => medianOf(figures, key, { part: 'polls', change: label }),
  };
}

/** What was meant to be reached, and what was; `value` is undefined where it was not measured. */
export function goalsOf(figures) {
  const { read } = mediansOf(figures);
  const over = (way, base, key) => {
    const [cost, least] = [read(way, key), read(base, key)];
    return cost === undefined || least === undefined ? undefined : cost / least;
  };
  const loads = figures.filter(({ state }) => state === states.cold).map((figure) => figure.loads);
  const pairs = [
    ['a kept answer', 'postgres', 'kept'],
    ["a kept answer and the room's ready bytes", 'postgres bytes', 'kept bytes'],
  ];
  return [
    ...pairs.flatMap(([what, way, base]) =>
      [
        ['CPU', 'cpu'],
        ['time', 'wall'],
      ].map(([unit, key]) => ({
        what: `${what}: ${unit}, times cheaper than the same read from Postgres`,
        least: cheaper,
        value: over(way, base, key),
      })),
    ),
    {
      what: 'readings of members for all joins of a guild in no cache, the most of any round',
      most: 1,
      value: loads.length === 0 ? undefined : Math.max(...loads),
    },
  ];
}

function goalRow({ what, least, most, value }) {
  const bound = least === undefined ? `≤ ${most}` : `≥ ${least}`;
  if (value === undefined) return [what, bound, dash, 'not measured'];
  const met = least === undefined ? value <= most : value >= least;
  return [what, bound, times(value), met ? 'met' : '**missed**'];
}

function keptTable({ read }) {
  const base = (way) => (way.endsWith('bytes') ? 'kept bytes' : 'kept');
  const rows = ['kept', 'postgres', 'kept bytes', 'postgres bytes'].map((way) => [
    way === 'postgres' ? 'read from Postgres' : ways[way].label,
    milliseconds(read(way, 'cpu')),
    ratio(read(way, 'cpu'), read(base(way), 'cpu'), 0),
    milliseconds(read(way, 'wall')),
    ratio(read(way, 'wall'), read(base(way), 'wall'), 0),
  ]);
  return [
    '## A kept answer',
    'One snapshot of the guild: out of the cache that stands around every source, and the same read from Postgres each time; as members, and as the bytes that clients get. CPU is that of the process that asks, without Postgres’s own.',
    table(['snapshot', 'CPU ms', 'of a kept one', 'ms', 'of a kept one'], rows),
  ];
}

function joinsTable({ join }, { joins }) {
  const rows = Object.values(states).map((state) => {
    const of = (key) => join(state, key);
    return [
      state,
      shown(of('loads'), 0),
      shown(of('lists') + of('looks') + of('others'), 0),
      shown(of('seconds'), 2),
      ratio(of('seconds'), join(states.open, 'seconds')),
      shown(of('cpu'), 2),
      ratio(of('cpu'), join(states.open, 'cpu')),
      megabytes(of('bytes')),
    ];
  });
  const head = [
    'the guild is',
    'readings of members',
    'other statements',
    'until the last one has it, s',
    'ratio',
    'CPU s',
    'ratio',
    'an answer',
  ];
  return [
    `## ${joins} joins at once`,
    'Connected socket.io clients join in one go; each round has a guild that nobody has asked for, which they then join again. Statements are those that the source’s Postgres has counted; others than readings of members ask which guilds there are and which columns the tables have.',
    table(head, rows),
  ];
}

function pollsTable({ poll }, { listeners }) {
  const { PROVIDER_POLL_SECONDS: interval } = readConfig({});
  const rows = Object.values(changes).map((change) => {
    const of = (key) => poll(change, key);
    return [
      change.label,
      shown(of('events'), 0),
      shown(of('deliveries'), 0),
      milliseconds(of('cpu')),
      ratio(of('cpu'), poll(changes.none, 'cpu'), 1),
      `${((of('cpu') / (interval * 1000)) * 100).toFixed(2)} %`,
      milliseconds(of('wall')),
      milliseconds(of('longestStop')),
    ];
  });
  const head = [
    'the source says',
    'events',
    'deliveries',
    'CPU ms',
    'of nothing changed',
    `of ${interval} s`,
    'until all have heard, ms',
    'longest stop, ms',
  ];
  return [
    '## Comparing with what a room shows',
    `One look at the source of a guild with ${listeners} socket.io clients inside: its answer is looked through, compared, and what differs becomes events that all of them hear. Where it does not say otherwise the answer is in memory already, so that a reading (below) comes on top. The share is that of one core with the usual PROVIDER_POLL_SECONDS; presences wait PRESENCE_WINDOW_MS before they are told. A stop is a time in which the process does nothing else.`,
    table(head, rows),
  ];
}

function readsTable({ read }) {
  const rows = Object.entries(ways)
    .filter(([way, { part }]) => part === 'reads' && read(way, 'cpu') !== undefined)
    .map(([way, { label }]) => [
      label,
      milliseconds(read(way, 'cpu')),
      ratio(read(way, 'cpu'), read('mock', 'cpu'), 1),
      milliseconds(read(way, 'wall')),
      ratio(read(way, 'wall'), read('mock', 'wall'), 1),
    ]);
  return [
    '## Reading from each source',
    'One reading of the whole guild, looked through like every answer; the mock source has it in memory, so that this is what looking through costs.',
    table(['source', 'CPU ms', 'of mock', 'ms', 'of mock'], rows),
  ];
}

/** @param options members, joins, listeners, rounds, parts and minutes of the run */
export function report({ fixture, figures }, options) {
  const medians = mediansOf(figures);
  const tables = { kept: keptTable, joins: joinsTable, polls: pollsTable, reads: readsTable };
  const { members, joins, listeners, rounds, parts, minutes } = options;
  return [
    '# Data sources',
    `Medians of ${rounds} rounds, interleaved in one run of ${minutes.toFixed(1)} minutes. Server and reader pinned to core ${serverCore}, clients to core ${generatorCore} of ${machine()} A guild of ${members} members: ${megabytes(fixture.documentBytes)} as JSON, ${megabytes(fixture.rowBytes)} in Postgres.`,
    `\`npm run bench:sources -- --members ${members} --joins ${joins} --listeners ${listeners} --rounds ${rounds} --write\``,
    '## Goals',
    table(['goal', 'bound', 'measured', 'outcome'], goalsOf(figures).map(goalRow)),
    ...Object.entries(tables)
      .filter(([part]) => parts.includes(part))
      .flatMap(([, write]) => write(medians, options)),
    '',
  ].join('\n\n');
}

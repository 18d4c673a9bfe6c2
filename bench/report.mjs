// The results as Markdown.
import { cpus } from 'node:os';
import { bursts, singles } from './fan-out.mjs';
import { dash, medianOf, percent, ratio, shown, table, unique } from './figures.mjs';
import { goalRow, goalsOf } from './goals.mjs';
import { variants } from './joins.mjs';
import { more } from './memory.mjs';
import { generatorCore, serverCore } from './pinned.mjs';
import { configuration } from './servers/nchan.mjs';
import { memberCount } from './servers/large-guild.mjs';
import { names } from './targets.mjs';

/** Above this share of its core the generator is being measured, unless the server was as busy as that too. */
const busy = 0.8;

const kib = (bytes) => shown(bytes === undefined ? undefined : bytes / 1024, 1);

/** Medians of everything that was measured. */
function mediansOf({ fanOut, memory, joins }) {
  return {
    delivery: ({ name, load, clients, key = 'cpuPer100k' }) =>
      medianOf(fanOut, key, { part: 'fan-out', target: name, load, clients }),
    connect: (name, clients) => medianOf(fanOut, 'cpuPer1000', { part: 'connect', target: name, clients }),
    idle: (name, key = 'heap') => medianOf(memory, key, { target: name }),
    join: (name, variant = variants.quiet.name, key = 'cpuPer1000') => medianOf(joins, key, { target: name, variant }),
  };
}

function fanOutTables(results, { delivery }) {
  const figures = results.fanOut.filter(({ part }) => part === 'fan-out');
  const targets = unique(figures.map(({ target }) => target));
  const sections = unique(figures.map(({ clients }) => clients)).flatMap((clients) =>
    [singles, bursts].map((load) => {
      const of = (name, key) => delivery({ name, load, clients, key });
      const rows = targets.map((name) => [
        name,
        shown(of(name), 3),
        ratio(of(name), of(names.nchanWebSocket)),
        ratio(of(name), of(names.nchanSse)),
        shown(of(name, 'perSecond'), 0),
        shown(of(name, 'p50'), 1),
        shown(of(name, 'p99'), 1),
      ]);
      const head = [
        'server',
        'CPU s per 100 000 deliveries',
        'ratio to Nchan, WebSocket',
        'ratio to Nchan, SSE',
        'deliveries/s',
        'p50 ms',
        'p99 ms',
      ];
      return `### ${load}, ${clients} clients\n\n${table(head, rows)}`;
    }),
  );
  return sections.length === 0 ? [] : ['## Fan-out', ...sections];
}

function connectTable(results, { connect }) {
  const figures = results.fanOut.filter(({ part }) => part === 'connect');
  if (figures.length === 0) return [];
  const counts = unique(figures.map(({ clients }) => clients));
  const rows = unique(figures.map(({ target }) => target)).map((name) => [
    name,
    ...counts.flatMap((clients) => [
      shown(connect(name, clients), 3),
      ratio(connect(name, clients), connect(names.nchanWebSocket, clients), 1),
    ]),
  ]);
  const head = ['server', ...counts.flatMap((clients) => [`${clients} clients`, 'ratio to Nchan, WebSocket'])];
  return [
    '## Connects',
    'CPU seconds of the server for 1000 clients that connect and enter a room of four members. Nchan has no rooms: there it is a subscription.',
    table(head, rows),
  ];
}

function memoryTable({ memory }, { idle }) {
  if (memory.length === 0) return [];
  const rows = unique(memory.map(({ target }) => target)).map((name) => [
    name,
    kib(idle(name)),
    kib(idle(name, 'buffers')),
    kib(idle(name, 'rss')),
  ]);
  return [
    '## Idle connections',
    `KiB for each of ${more} connections in a room where nothing happens, after garbage collection: heap and external memory of Node, the array buffers in it, and the resident memory of the process (of the worker, for nginx).`,
    table(['server', 'heap and external', 'of these array buffers', 'resident'], rows),
  ];
}

function joinsTable({ joins }, { join }, joinRounds) {
  if (joins.length === 0) return [];
  const base = join(names.nest);
  const kinds = unique(joins.map(({ target, variant }) => JSON.stringify([target, variant])));
  const rows = kinds.map((kind) => {
    const [name, variant] = JSON.parse(kind);
    const of = (key) => join(name, variant, key);
    return [
      name,
      variant,
      shown(of('cpuPer1000'), 2),
      base === undefined ? dash : ratio(base, of('cpuPer1000'), 1),
      shown(of('bytes') / 1e6, 2),
      shown(of('places'), 0),
      shown(of('seconds'), 1),
      shown(of('peak') / 1048576, 0),
    ];
  });
  const head = [
    'server',
    'they come',
    'CPU s per 1000 joins',
    'times cheaper than stock Nest',
    'MB per answer',
    'different snapshots',
    'until all have it, s',
    'peak of resident memory, MiB',
  ];
  return [
    '## Joins',
    `${joins[0].joins} connected clients join a guild of ${memberCount} members; medians of ${joinRounds} rounds, each with servers of its own. Changes are of presences, and those who are in already hear them. Stock Nest acknowledges the members as an object, which socket.io serialises for each join. Over WebSocket a d-zone client gets those members alone that it draws. Where a server did not survive the joins, or refused them, it says "failed".`,
    table(head, rows),
  ];
}

/** Where the server waited for the generator: such figures mean nothing. A figure without a server's share counts too. */
export function bottlenecks({ fanOut, joins }) {
  return [...fanOut, ...joins].filter(({ generator = 0, core = 0 }) => generator > busy && core < busy);
}

/** How far the processors were used, part by part. */
function usage({ fanOut, joins }) {
  const most = (list, key) => percent(Math.max(...list.map((figure) => figure[key] ?? 0)));
  const parts = ['fan-out', 'connect'].map((name) => [name, fanOut.filter(({ part }) => part === name)]);
  return [...parts, ['joins', joins]]
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => {
      const busiest = list.reduce((a, b) => ((a.generator ?? 0) > (b.generator ?? 0) ? a : b));
      const beside = `${percent(busiest.core ?? 0)} of its own`;
      return `${name}: the generator used ${most(list, 'generator')} of its core at most, when the server used ${beside}`;
    })
    .join('; ');
}

/** @param run counts, rounds, joinRounds, joins and minutes of the run */
export function report(results, { counts, rounds, joinRounds, joins, minutes }) {
  const medians = mediansOf(results);
  const used = usage(results);
  return [
    '# Benchmark',
    `Medians of ${rounds} rounds, interleaved in one run of ${Math.round(minutes)} minutes. Server pinned to core ${serverCore}, generator to core ${generatorCore} of ${cpus().length} (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}.`,
    ...(used === '' ? [] : [`${used[0].toUpperCase()}${used.slice(1)}.`]),
    `\`npm run bench -- --clients ${counts.join(',')} --rounds ${rounds} --joins ${joins} --write\``,
    '## Goals',
    'The fan-out at 1000 clients, and every goal, reached or not.',
    table(['goal', 'bound', 'measured', 'outcome'], goalsOf(medians).map(goalRow)),
    ...fanOutTables(results, medians),
    ...connectTable(results, medians),
    ...memoryTable(results, medians),
    ...joinsTable(results, medians, joinRounds),
    '## The yardstick',
    `\`\`\`nginx\n${configuration('/tmp/folder', 8080).trim()}\n\`\`\``,
    '',
  ].join('\n\n');
}

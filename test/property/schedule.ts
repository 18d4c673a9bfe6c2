import fc from 'fast-check';
import { type CutManner } from '../support/room-drivers/cuttable-agent.js';
import { type GuildTruth, type Happening, happenings } from './guild-truth.js';

export const transports = [
  'socket.io',
  'socket.io polling',
  'socket.io upgrading',
  'websocket',
  'websocket by path',
  'sse',
  'rest',
  'rest waiting',
] as const;
export type TransportKind = (typeof transports)[number];

/** Where a client says it was: its newest place, an earlier one, none, or something that it never heard. */
export type From =
  { from: 'last' } | { from: 'earlier'; back: number } | { from: 'nowhere' } | { from: 'made up'; kind: number };

/**
 * `wait`: whether the next step comes after its answer or at once. Clients, guilds and the schedule's transports are
 * numbers, 0 or 1.
 */
export type Step =
  | { do: 'publish'; guild: number; what: Happening[]; pick: number; wait: boolean }
  | ({ do: 'connect'; client: number; over: number; guild: number; wait: boolean } & From)
  | ({ do: 'join'; client: number; guild: number; alone: boolean; wait: boolean } & From)
  | { do: 'leave'; client: number; guild: number; wait: boolean }
  | { do: 'refresh'; client: number; wait: boolean }
  | { do: 'cut'; client: number; after: number; manner: CutManner }
  | { do: 'settle' }
  | { do: 'sweep'; guild: number }
  | { do: 'slow source'; guild: number; ms: number; early: boolean }
  | { do: 'kill' };

/** Mostly the same one, so that clients meet there. */
const guild = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) });
const client = fc.nat({ max: 1 });
const wait = fc.boolean();

const from: fc.Arbitrary<From> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ from: fc.constant('last' as const) }) },
  { weight: 2, arbitrary: fc.record({ from: fc.constant('earlier' as const), back: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ from: fc.constant('nowhere' as const) }) },
  { weight: 2, arbitrary: fc.record({ from: fc.constant('made up' as const), kind: fc.nat({ max: 99 }) }) },
);

const publish = fc.record({
  do: fc.constant('publish' as const),
  guild,
  what: fc.array(fc.constantFrom(...happenings), { minLength: 1, maxLength: 4 }),
  pick: fc.nat({ max: 5 }),
  wait,
});

const connect = fc
  .tuple(fc.record({ do: fc.constant('connect' as const), client, over: fc.nat({ max: 1 }), guild, wait }), from)
  .map(([step, place]) => ({ ...step, ...place }));

const join = fc
  .tuple(fc.record({ do: fc.constant('join' as const), client, guild, alone: fc.boolean(), wait }), from)
  .map(([step, place]) => ({ ...step, ...place }));

const cut = fc.record({
  do: fc.constant('cut' as const),
  client,
  after: fc.nat({ max: 4 }),
  manner: fc.constantFrom<CutManner>('fin', 'reset', 'silent'),
});

const usual: fc.WeightedArbitrary<Step>[] = [
  { weight: 8, arbitrary: publish },
  { weight: 5, arbitrary: connect },
  { weight: 4, arbitrary: join },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), client, guild, wait }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('refresh' as const), client, wait }) },
  { weight: 3, arbitrary: cut },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'settle' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const), guild }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('slow source' as const),
      guild,
      ms: fc.nat({ max: 8 }),
      early: fc.boolean(),
    }),
  },
];

const twoTransports = fc.tuple(fc.constantFrom(...transports), fc.constantFrom(...transports));

/** A failing schedule shrinks to fewer steps than are ever played at first: each step may shrink to none. */
const steps = (kinds: fc.WeightedArbitrary<Step>[], maxLength: number): fc.Arbitrary<Step[]> =>
  fc
    .array(fc.option(fc.oneof(...kinds), { nil: undefined, freq: 1_000_000 }), { minLength: 5, maxLength, size: 'max' })
    .map((list) => list.filter((step) => step !== undefined));

export interface Schedule {
  /** Two for each schedule, often both for one client or one for both, so that each pair meets in every way. */
  over: [TransportKind, TransportKind];
  steps: Step[];
  /** What clients come back over at the end, if they were cut off. */
  endings: [TransportKind, TransportKind];
}

export const schedule: fc.Arbitrary<Schedule> = fc.record({
  over: twoTransports,
  steps: steps(usual, 25),
  endings: twoTransports,
});

/** With one SIGKILL somewhere in it. */
export const scheduleWithKill: fc.Arbitrary<Schedule> = fc
  .record({ over: twoTransports, before: steps(usual, 12), after: steps(usual, 12), endings: twoTransports })
  .map(({ before, after, ...rest }) => ({ ...rest, steps: [...before, { do: 'kill' }, ...after] }));

/** Garbage, another epoch, the future, the forgotten past; last a place that is right, though its client was never there. */
export function madeUpCursor(kind: number, truth: GuildTruth, historySize: number): string | undefined {
  const { epoch, offset, confirmed, beginning } = truth;
  const tooOld = confirmed - 2 * historySize - 1;
  const cursors = [
    '',
    ' ',
    'garbage',
    ':',
    '%00:%ff',
    `${epoch}:`,
    `${epoch}:-1`,
    `${epoch}:01`,
    `${epoch}:1e1`,
    `${epoch}:${offset}.0`,
    `${epoch}:${offset}:${offset}`,
    `${epoch}:${'9'.repeat(30)}`,
    'x'.repeat(2_000),
    `:${offset}`,
    `another:${offset}`,
    `${epoch.slice(1)}:${offset}`,
    `${[...epoch].reverse().join('')}:${offset}`,
    `${epoch}:${offset + 1}`,
    `${epoch}:${offset + 1_000}`,
    `${epoch}:${tooOld < 0 ? offset + 2 : tooOld}`,
    `${epoch}:${beginning}`,
  ];
  return cursors[kind % cursors.length];
}

/** One step a line. */
export function written({ over, steps: list, endings }: Schedule): string {
  const lines = list.map((step, index) => `  ${String(index + 1).padStart(2)}. ${JSON.stringify(step)}`);
  return [
    `      over 0 (${over[0]}) and 1 (${over[1]})`,
    ...lines,
    `      then clients come back over ${endings.join(' and ')}`,
  ].join('\n');
}

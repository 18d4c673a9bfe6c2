import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { RoomServer } from '../support/room-server.js';
import { type Schedule, schedule, scheduleWithKill, written } from './schedule.js';
import { type Arena, arenaOf, loadFrom, ScheduleRun } from './schedule-run.js';
import { SharedDeath } from './shared-death.js';

/** PROPERTY_RUNS plays more. PROPERTY_SEED, _LANE and _PATH, which a failure's message names, play that one again. */
const runs = Number(process.env.PROPERTY_RUNS ?? 1_000);
const seed = process.env.PROPERTY_SEED === undefined ? Date.now() & 0x7fffffff : Number(process.env.PROPERTY_SEED);
const path = process.env.PROPERTY_PATH;
const onlyLane = path === undefined ? undefined : Number(process.env.PROPERTY_LANE);

/** Milliseconds for an answer or an event; less while a failure is made smaller, which takes many tries. */
const patience = { usual: 15_000, shrinking: 3_000 };
const longestSearch = 30_000;
const longestRun = 180_000 * Math.max(1, runs / 1_000);

const servers: RoomServer[] = [];
const arenas = new Map<string, Arena>();

async function open(pairs: readonly [string, string][], historySize: number): Promise<Arena[]> {
  const server = await RoomServer.start({
    guilds: pairs.flat(),
    historySize,
    load: (guildId) => loadFrom(arenas.get(guildId)!, guildId),
  });
  servers.push(server);
  const death = new SharedDeath(server);
  return pairs.map((pair) => {
    const arena = arenaOf(server, death, pair);
    for (const id of pair) arenas.set(id, arena);
    return arena;
  });
}

function pair(number: number): [string, string] {
  const id = (last: number) => `7000000000000${String(number).padStart(2, '0')}${last}00`;
  return [id(1), id(2)];
}

let someLaneFailed = false;

/** Plays schedules on one arena, one after the other. Other lanes stop early once one has failed. */
async function check(arena: Arena, schedules: fc.Arbitrary<Schedule>, lane: number, numRuns: number): Promise<number> {
  let played = 0;
  let first: string | undefined;
  let searchEnd = Infinity;
  const property = fc.asyncProperty(schedules, async (plan) => {
    // From a path on, all that the search would have tried next would follow.
    const enough = someLaneFailed || (path !== undefined && played > 0);
    if (first === undefined ? enough : performance.now() > searchEnd) return;
    played += 1;
    const [fault] = await new ScheduleRun(arena, first === undefined ? patience.usual : patience.shrinking).play(plan);
    // A busy machine must not lead the search for a smaller schedule astray.
    if (fault === undefined || (first !== undefined && isLate(fault) && !isLate(first))) return;
    if (first === undefined) searchEnd = performance.now() + longestSearch;
    first ??= fault;
    someLaneFailed = true;
    throw new Error(fault);
  });
  arena.death.enter();
  const options = { numRuns: path === undefined ? numRuns : 1, seed: seed + lane, ...(path !== undefined && { path }) };
  const details = await fc.check(property, options).finally(() => arena.death.leave());
  if (first === undefined && !details.failed) return played;
  const { counterexample, counterexamplePath, numShrinks, errorInstance } = details;
  const report = [
    `PROPERTY_SEED=${seed} PROPERTY_LANE=${lane} PROPERTY_PATH=${counterexamplePath}`,
    `schedule ${played}: ${first}`,
    `made smaller ${numShrinks} times:`,
    ...(counterexample ? [written(counterexample[0])] : []),
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
  ];
  throw new Error(report.join('\n'));
}

function isLate(fault: string): boolean {
  return / within \d+ ms$/.test(fault);
}

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

describe('rooms over every transport', () => {
  it('lose nothing, repeat nothing, and say so when they cannot', { timeout: longestRun }, async () => {
    const kills = Math.max(1, Math.round(runs / 320));
    // Histories too short for what happens while somebody is away, and one long enough for everything. Those who are
    // killed are among themselves, and many, since they share the lives of their server.
    const [short, long, mortal] = await Promise.all([
      open([pair(0), pair(1), pair(2), pair(3)], 6),
      open([pair(4), pair(5)], 10_000),
      open([6, 7, 8, 9, 10, 11, 12, 13].map(pair), 10),
    ]);
    const usual = [...short, ...long];
    const lanes = [
      ...usual.map((arena) => ({ arena, schedules: schedule, numRuns: Math.ceil(runs / usual.length) })),
      ...mortal.map((arena) => ({ arena, schedules: scheduleWithKill, numRuns: kills })),
    ];
    const checks = lanes.map(async ({ arena, schedules, numRuns }, lane) =>
      onlyLane === undefined || onlyLane === lane ? check(arena, schedules, lane, numRuns) : 0,
    );
    const outcomes = await Promise.allSettled(checks);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    // Playing one failure again is less than a whole run.
    if (path !== undefined) return;
    const played = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 0));
    expect(played.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(runs + kills * mortal.length);
  });
});

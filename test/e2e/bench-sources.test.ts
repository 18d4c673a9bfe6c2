import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const program = path.join(import.meta.dirname, '../../bench/sources.mjs');
const run = promisify(execFile);
/** Milliseconds that a run may take, on a machine with much else to do. */
const patience = 180_000;

/** The program pins its processes to these cores. */
const pins = ['0', '1'].every((core) => spawnSync('taskset', ['-c', core, 'true']).status === 0);
const possible = process.platform === 'linux' && pins;

const positive = z.number().positive();
const count = z.number().int().min(0);
const figure = z.discriminatedUnion('part', [
  z.strictObject({
    part: z.literal('reads'),
    round: positive,
    way: z.string(),
    cpu: positive,
    wall: positive,
    size: positive,
  }),
  z.strictObject({
    part: z.literal('joins'),
    round: positive,
    state: z.string(),
    joins: positive,
    seconds: positive,
    cpu: positive,
    bytes: positive,
    loads: count,
    lists: count,
    looks: count,
    others: count,
  }),
  z.strictObject({
    part: z.literal('polls'),
    round: positive,
    change: z.string(),
    events: count,
    deliveries: count,
    cpu: positive,
    wall: positive,
    longestStop: positive,
  }),
]);
const results = z.strictObject({
  fixture: z.strictObject({ members: z.literal(50), documentBytes: positive, rowBytes: positive }),
  figures: z.array(figure),
  goals: z.array(z.object({ what: z.string(), value: positive })),
});

describe.skipIf(!possible)('the benchmark of the data sources', () => {
  let folder: string;
  let printed: string;
  let measured: z.infer<typeof results>;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'guildcast-'));
    const json = path.join(folder, 'figures.json');
    const sizes = ['--members', '50', '--joins', '5', '--listeners', '3', '--rounds', '1'];
    const { stdout } = await run(process.execPath, [program, ...sizes, '--json', json], { timeout: patience });
    printed = stdout;
    measured = results.parse(JSON.parse(await readFile(json, 'utf8')));
  }, patience);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads the whole guild in every way', () => {
    const reads = measured.figures.filter((one) => one.part === 'reads').map(({ way, size }) => [way, size]);
    const bytes = expect.closeTo(measured.fixture.documentBytes, -3) as number;
    expect(Object.fromEntries(reads)).toEqual({
      mock: 50,
      'file, as before': 50,
      'file, changed': 50,
      'http, confirmed': 50,
      http: 50,
      postgres: 50,
      kept: 50,
      'kept bytes': bytes,
      'postgres bytes': bytes,
    });
    expect(reads).toHaveLength(9);
  });

  it('asks the source once for all who join a guild that is in no cache, and not at all when its room is open', () => {
    const joins = measured.figures.filter((one) => one.part === 'joins');
    expect(joins.map(({ state, joins, loads }) => [state, joins, loads])).toEqual([
      ['in no cache', 5, 1],
      ['its room is open', 5, 0],
    ]);
    for (const { bytes, others } of joins) {
      expect(bytes).toBeGreaterThan(measured.fixture.documentBytes);
      expect(others).toBe(0);
    }
  });

  it('tells every listener each difference, and nothing else', () => {
    const polls = measured.figures.filter((one) => one.part === 'polls');
    expect(polls.map(({ change, events, deliveries }) => [change, events, deliveries])).toEqual([
      ['nothing changed', 0, 0],
      ['1 % of the presences changed', 1, 3],
      ['all presences changed', 50, 150],
      ['nothing changed, read from Postgres', 0, 0],
    ]);
  });

  it('says what was measured, where, and how large it was', () => {
    expect(measured.goals).toHaveLength(5);
    expect(measured.goals.at(-1)).toMatchObject({ value: 1 });
    expect(printed).toContain(`Node ${process.version}`);
    expect(printed).toMatch(/A guild of 50 members: 0\.0\d\d MB as JSON, 0\.0\d\d MB in Postgres\./);
    const heads = ['Goals', 'A kept answer', '5 joins at once', 'Comparing with what a room shows'];
    for (const head of [...heads, 'Reading from each source']) expect(printed).toContain(`\n## ${head}\n`);
    const rows = printed.split('\n').filter((line) => line.startsWith('|'));
    // Five tables, with a head and a line each, and what they say.
    expect(rows).toHaveLength(5 * 2 + 5 + 4 + 2 + 4 + 6);
    expect(rows.join('\n')).not.toMatch(/undefined|NaN|Infinity|–/);
  });
});

describe('the command line of the benchmark of the data sources', () => {
  const fails = (...words: string[]) =>
    run(process.execPath, [program, ...words], { timeout: patience }).then(
      () => 'it ran',
      ({ code, stderr }: { code: number; stderr: string }) => `${code}: ${stderr}`,
    );

  it.each([
    [['--parts', 'reads,sleep'], 'There is no part "sleep"; choose from kept, joins, polls, reads.'],
    [['--rounds', '0'], '--rounds is a number from 1 to 100, not "0".'],
    [['--write', '--rounds', '4'], 'Only a run of all parts and 5 rounds or more is worth writing.'],
  ])('refuses %j in one sentence', async (words, sentence) => {
    expect(await fails(...words)).toBe(`1: ${sentence}\n`);
  });

  it('explains itself', async () => {
    const { stdout } = await run(process.execPath, [program, '--help'], { timeout: patience });
    for (const option of ['members', 'joins', 'listeners', 'rounds', 'parts', 'json', 'write']) {
      expect(stdout).toContain(`  --${option} `);
    }
  });
});

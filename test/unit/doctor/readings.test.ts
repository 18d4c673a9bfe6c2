import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { StartupError } from '../../../src/database/startup-error.js';
import { type DiscordStatus } from '../../../src/discord/discord-status.js';
import { channelsCheck } from '../../../src/doctor/checks/channels.check.js';
import { clockCheck } from '../../../src/doctor/checks/clock.check.js';
import { databaseCheck } from '../../../src/doctor/checks/database.check.js';
import { diskCheck, diskVerdict } from '../../../src/doctor/checks/disk.check.js';
import { guildsCheck } from '../../../src/doctor/checks/guilds.check.js';
import { nodeCheck, nodeVerdict } from '../../../src/doctor/checks/node.check.js';
import { sessionCheck } from '../../../src/doctor/checks/session.check.js';
import { sourcesCheck } from '../../../src/doctor/checks/sources.check.js';
import { type DatabaseState } from '../../../src/doctor/installation.js';
import { findingsOf } from './installation-parts.js';

const reading = {
  address: 'db:5432/guildcast',
  version: '18.4',
  clockAheadMs: 0,
  pending: 0,
  unknown: 0,
  mayMigrate: true,
  readOnly: false,
};

function stateOf(changes: Partial<typeof reading>): { database: () => Promise<DatabaseState> } {
  return { database: () => Promise.resolve({ reading: { ...reading, ...changes } }) };
}

function sessionIn(state: 'off' | 'connecting' | 'ready' | 'refused', detail?: string): { session: DiscordStatus } {
  return {
    session: {
      current: () => ({ state, detail, missingIntents: [] }),
      hiddenGuilds: () => [],
      settled: () => Promise.resolve(),
    },
  };
}

describe('the clock', () => {
  it('is said to be off when another differs by more than 5 s, and in which direction', async () => {
    expect(await findingsOf(clockCheck, {}, stateOf({ clockAheadMs: 5_000 }))).toMatchObject([{ state: 'ok' }]);
    expect(await findingsOf(clockCheck, {}, stateOf({ clockAheadMs: 5_001 }))).toMatchObject([
      {
        state: 'warn',
        sentence: "This machine's clock is 5 s behind the database's.",
        remedy: expect.stringMatching(/NTP/) as string,
      },
    ]);
    const discord = () => Promise.resolve({ clockAheadMs: -3_600_000, missingIntents: [], guilds: [] });
    expect(await findingsOf(clockCheck, {}, { ...stateOf({ clockAheadMs: -7_200_000 }), discord })).toMatchObject([
      { state: 'warn', sentence: "This machine's clock is 2 hours ahead of the database's." },
      { state: 'warn', sentence: "This machine's clock is 60 minutes ahead of Discord's." },
    ]);
  });

  it('is compared with what there is', async () => {
    const database = () => Promise.reject(new StartupError('The database is away.'));
    expect(await findingsOf(clockCheck, {}, { database })).toMatchObject([{ state: 'skipped' }]);
    const discord = () => Promise.resolve({ clockAheadMs: 0, missingIntents: [], guilds: [] });
    expect(await findingsOf(clockCheck, {}, { database, discord })).toMatchObject([
      { state: 'ok', sentence: "The clock agrees with Discord's." },
    ]);
  });
});

describe('the database', () => {
  it.each<[Partial<typeof reading>, object]>([
    [{}, { state: 'ok', sentence: /Postgres 18\.4\); its schema is up to date/ }],
    [{ pending: 2 }, { state: 'ok', sentence: /the next start applies 2 migrations/ }],
    [
      { pending: 2, mayMigrate: false },
      { state: 'fail', sentence: /may make no tables/, remedy: /GRANT CREATE/ },
    ],
    [{ unknown: 1 }, { state: 'warn', sentence: /newer Guildcast/, remedy: /newer version/ }],
    [{ readOnly: true }, { state: 'fail', sentence: /only be read/, remedy: /primary/ }],
  ])('%j', async (changes, expected) => {
    const [finding] = await findingsOf(databaseCheck, {}, stateOf(changes));
    for (const [name, value] of Object.entries(expected) as [keyof typeof finding, string | RegExp][]) {
      expect(finding?.[name]).toMatch(value);
    }
  });

  it('of a running program that lacks migrations is told to start again', async () => {
    const parts = { ...stateOf({ pending: 1 }), ...sessionIn('off') };
    expect(await findingsOf(databaseCheck, {}, parts)).toMatchObject([
      { state: 'warn', remedy: expect.stringMatching(/Start again/) as string },
    ]);
  });

  it.each([
    ['new', 'ok'],
    ['stopped', 'ok'],
    ['ending', 'ok'],
    ['running', 'ok'],
    ['taken', 'fail'],
  ] as const)('of DATA_DIR, %s: %s', async (state, expected) => {
    const embedded = { state, by: 'process 7' } as NonNullable<DatabaseState['embedded']>;
    const findings = await findingsOf(databaseCheck, {}, { database: () => Promise.resolve({ embedded }) });
    expect(findings).toMatchObject([{ state: expected }]);
    if (state === 'running' || state === 'taken') expect(findings[0]?.sentence).toContain('process 7');
  });
});

describe('the session', () => {
  it('is that of the running program', async () => {
    expect(await findingsOf(sessionCheck)).toMatchObject([{ state: 'skipped' }]);
    expect(await findingsOf(sessionCheck, {}, sessionIn('ready'))).toMatchObject([{ state: 'ok' }]);
    expect(await findingsOf(sessionCheck, {}, sessionIn('off'))).toMatchObject([{ state: 'skipped' }]);
    expect(await findingsOf(sessionCheck, {}, sessionIn('connecting', 'Discord is out.'))).toMatchObject([
      { state: 'warn', sentence: 'Discord is out.', remedy: expect.stringMatching(/tries again/) as string },
    ]);
    expect(await findingsOf(sessionCheck, {}, sessionIn('refused', 'Discord said no.'))).toMatchObject([
      { state: 'fail', sentence: 'Discord said no.', remedy: expect.stringMatching(/start again/) as string },
    ]);
  });
});

describe('long lists', () => {
  const guilds = Array.from({ length: 30 }, (_, n) => ({ id: String(100_000 + n), name: `guild ${n}` }));
  const bot = { id: '999999', name: 'Bot' };
  const discord = () => Promise.resolve({ bot, guilds, missingIntents: [] });

  it('of guilds the bot is not in end after ten', async () => {
    const ids = Array.from({ length: 25 }, (_, n) => String(500_000 + n));
    const env = { DISCORD_TOKEN: 'a.b.c', GUILDS: [...ids, guilds[3]!.id].join(',') };
    const findings = await findingsOf(guildsCheck, env, { discord });
    expect(findings).toHaveLength(11);
    expect(findings[9]).toMatchObject({ state: 'fail', remedy: expect.stringMatching(/client_id=999999/) as string });
    expect(findings[9]?.sentence).toContain(ids[9]);
    expect(findings[10]?.sentence).toBe('Nor is it in 15 more of them.');
  });

  it('of guilds to choose from end after ten', async () => {
    const [finding] = await findingsOf(guildsCheck, { DISCORD_TOKEN: 'a.b.c' }, { discord });
    expect(finding).toMatchObject({
      state: 'warn',
      sentence: expect.stringMatching(/GUILDS is empty: of the 30 guilds/) as string,
    });
    expect(finding?.remedy).toContain('100009 (guild 9) and others.');
    expect(finding?.remedy).not.toContain('guild 10');
  });

  it('of channels end after five', async () => {
    const open = Array.from({ length: 9 }, (_, n) => ({ id: String(n), name: `c${n}`, read: n < 2 }));
    const channels = () => Promise.resolve({ looked: [{ id: '1', name: 'Town', open }], left: 4 });
    const [first, second] = await findingsOf(channelsCheck, { DISCORD_TOKEN: 'a.b.c' }, { channels });
    expect(first?.sentence).toMatch(/Town: the bot cannot read 7 of 9 .*: #c2, #c3, #c4, #c5, #c6 and others\.$/);
    expect(second).toMatchObject({ state: 'skipped', sentence: '4 more guilds were not looked at.' });
  });

  it('of GUILDS without a bot are no list at all', async () => {
    const nobody = { discord: () => Promise.resolve(undefined) };
    expect(await findingsOf(guildsCheck, { GUILDS: '*' }, nobody)).toMatchObject([
      { state: 'warn', remedy: expect.stringMatching(/Set DISCORD_TOKEN/) as string },
    ]);
    expect(await findingsOf(guildsCheck, {}, nobody)).toMatchObject([{ state: 'skipped' }]);
  });
});

describe('sources', () => {
  it('are named with what they lack, and with the settings to look at', async () => {
    const sources = () =>
      Promise.resolve([
        { name: 'http', guilds: 2, tookMs: 12 },
        { name: 'postgres', fault: 'there is no table x.', tookMs: 3 },
        { name: 'http', fault: 'asked not to be asked for a while', busy: true, tookMs: 3 },
        { name: 'http', guilds: 0, tookMs: 4 },
        { name: 'store', guilds: 0, tookMs: 1 },
        { name: 'discord-gateway', tookMs: 0 },
        { name: 'mine', fault: 'out', tookMs: 1 },
        { name: 'store', fault: 'out', tookMs: 1 },
      ]);
    expect(await findingsOf(sourcesCheck, {}, { sources })).toEqual([
      { check: 'sources', state: 'ok', sentence: 'The source http answered in 12 ms and knows 2 guilds.' },
      {
        check: 'sources',
        state: 'fail',
        sentence: 'The source postgres gives no answer: there is no table x.',
        remedy: 'Look at POSTGRES_SOURCE_URL, and at what it reads from.',
      },
      {
        check: 'sources',
        state: 'warn',
        sentence: 'The source http was not asked now: asked not to be asked for a while.',
        remedy: 'Ask again in a minute.',
      },
      {
        check: 'sources',
        state: 'warn',
        sentence: 'The source http answers, but knows no guild (4 ms).',
        remedy: 'Look at HTTP_SOURCE_GUILDS_URL and HTTP_SOURCE_GUILD_URL: is it the right place?',
      },
      { check: 'sources', state: 'ok', sentence: 'The source store answered in 1 ms and knows 0 guilds.' },
      {
        check: 'sources',
        state: 'skipped',
        sentence: 'The source discord-gateway answers in the running Guildcast alone (/api/v1/admin/doctor).',
      },
      {
        check: 'sources',
        state: 'fail',
        sentence: 'The source mine gives no answer: out.',
        remedy: 'Look at PROVIDER_PLUGINS, and at what it reads from.',
      },
      {
        check: 'sources',
        state: 'fail',
        sentence: 'The source store gives no answer: out.',
        remedy: 'The log of the running Guildcast says more.',
      },
    ]);
  });
});

describe('the machine', () => {
  it('runs a Node that is new enough', async () => {
    expect(nodeVerdict('20.19.0', '20.19')).toMatchObject({ state: 'ok' });
    expect(nodeVerdict('22.1.0', '20.19')).toMatchObject({ state: 'ok' });
    expect(nodeVerdict('20.18.3', '20.19')).toMatchObject({ state: 'fail', remedy: 'Install Node 20.19 or newer.' });
    expect(nodeVerdict('18.20.0', '20.19')).toMatchObject({ state: 'fail' });
    expect(await findingsOf(nodeCheck)).toMatchObject([
      { state: 'ok', sentence: expect.stringMatching(/^Node \d+\.\d+\.\d+ runs/) as string },
    ]);
  });

  it('has room for the data', () => {
    const mebibyte = 1024 ** 2;
    expect(diskVerdict(63 * mebibyte)).toMatchObject({
      state: 'fail',
      sentence: expect.stringMatching(/full \(63 MiB free\)/) as string,
    });
    expect(diskVerdict(64 * mebibyte)).toMatchObject({
      state: 'warn',
      sentence: expect.stringMatching(/nearly full/) as string,
    });
    expect(diskVerdict(1536 * mebibyte)).toMatchObject({
      state: 'ok',
      sentence: expect.stringMatching(/1\.5 GiB/) as string,
    });
  });

  it('is looked at where the data will be, and only if something is kept there', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'guildcast-disk-'));
    try {
      const DATA_DIR = path.join(folder, 'not', 'made', 'yet');
      expect(await findingsOf(diskCheck, { DATA_DIR })).toMatchObject([
        { sentence: expect.stringMatching(/The disk of DATA_DIR/) as string },
      ]);
      const elsewhere = { DATABASE_URL: 'postgres://db/x', API_KEYS: 'admin=b7Qx0vN3kZr9TyWm2LpA' };
      expect(await findingsOf(diskCheck, { DATA_DIR, ...elsewhere })).toMatchObject([{ state: 'skipped' }]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

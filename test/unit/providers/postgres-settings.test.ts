import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/app.config.js';
import { quoted } from '../../../src/providers/postgres/identifier.js';
import { postgresSettings } from '../../../src/providers/postgres/postgres-settings.js';
import { sampleSchema } from '../../../src/providers/postgres/sample-schema.js';

function faultsOf(settings: Record<string, string>): string[] {
  const { error } = postgresSettings.safeParse(settings);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the settings of the source postgres', () => {
  it('have the tables of the guides as defaults', () => {
    expect(postgresSettings.parse({})).toEqual({
      POSTGRES_SOURCE_GUILDS: 'discord_servers',
      POSTGRES_SOURCE_MEMBERS: 'discord_users',
      POSTGRES_SOURCE_CHANNEL: 'guildcast_source',
      POSTGRES_SOURCE_POOL_SIZE: 4,
      POSTGRES_SOURCE_STATEMENT_TIMEOUT_MS: 8_000,
    });
  });

  it('take tables with and without a schema, in any case and script', () => {
    for (const name of ['people', 'app.people', 'App."People"'.replaceAll('"', ''), 'größen$', '_x1', 'п'.repeat(31)]) {
      expect(faultsOf({ POSTGRES_SOURCE_MEMBERS: name })).toEqual([]);
    }
  });

  it.each([
    'x; drop table y',
    'x"',
    '"x"',
    "x'",
    'x--',
    'x y',
    'a.b.c',
    '.x',
    'x.',
    '1x',
    'x\0',
    'x(1)',
    'x/*',
    'п'.repeat(32),
    ' ',
  ])('refuse %j as a name', (name) => {
    for (const key of ['POSTGRES_SOURCE_GUILDS', 'POSTGRES_SOURCE_MEMBERS']) {
      expect(faultsOf({ [key]: name })).toEqual([expect.stringContaining(`${key}: must be the name of a table`)]);
    }
    expect(faultsOf({ POSTGRES_SOURCE_CHANNEL: name })).toEqual([expect.stringContaining('name of a channel')]);
    expect(faultsOf({ POSTGRES_SOURCE_COLUMNS: `id=${name}` })).toEqual([expect.stringContaining('must be pairs')]);
    // Also for a caller who did not look.
    expect(() => quoted(name)).toThrow(/not the name/);
    expect(() => sampleSchema(name)).toThrow(/not the name/);
  });

  it('take columns by what they hold', () => {
    const parsed = postgresSettings.parse({ POSTGRES_SOURCE_COLUMNS: ' id=user , displayName=Nick,guild.name=title,' });
    expect([...parsed.POSTGRES_SOURCE_COLUMNS!]).toEqual([
      ['id', 'user'],
      ['displayName', 'Nick'],
      ['guild.name', 'title'],
    ]);
  });

  it.each([
    ['nick=x', /there is no "nick"; choose from guildId, id, username, .*guild\.enabled$/],
    ['__proto__=x', /there is no "__proto__"/],
    ['constructor=x', /there is no "constructor"/],
    ['guild=x', /there is no "guild"/],
    ['id=a,id=b', /names id twice/],
    ['id', /must be pairs/],
    ['id=', /must be pairs/],
    ['id=a=b', /must be pairs/],
    ['id=app.user', /must be pairs/],
  ])('refuse the columns %j', (text, expected) => {
    expect(faultsOf({ POSTGRES_SOURCE_COLUMNS: text })).toEqual([expect.stringMatching(expected)]);
  });

  it('take statuses that there are', () => {
    expect(postgresSettings.parse({ POSTGRES_SOURCE_STATUSES: 'Online, idle' }).POSTGRES_SOURCE_STATUSES).toEqual([
      'online',
      'idle',
    ]);
    expect(faultsOf({ POSTGRES_SOURCE_STATUSES: 'online,away' })).toEqual([
      'POSTGRES_SOURCE_STATUSES: there is no "away"; choose from online, idle, dnd, offline',
    ]);
  });

  it('are refused at the start with their keys, and never with the password', () => {
    const wrong = { POSTGRES_SOURCE_URL: 'mysql://app:hunter2@db/x', POSTGRES_SOURCE_POOL_SIZE: '0' };
    expect(() => readConfig(wrong)).toThrow(
      /POSTGRES_SOURCE_URL: must begin with postgres:[^]*POSTGRES_SOURCE_POOL_SIZE/,
    );
    expect(() => readConfig(wrong)).not.toThrow(/hunter2/);
  });
});

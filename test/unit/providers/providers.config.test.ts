import { describe, expect, it } from 'vitest';
import {
  providersConfig,
  readProviders,
  sourceFaults,
  unknownSource,
} from '../../../src/providers/providers.config.js';

const [here, there] = ['100000000000000001', '100000000000000002'];
const read = (env: Record<string, string> = {}) => readProviders(providersConfig.parse(env), 'mock');

function faults(env: Record<string, string>): string[] {
  const { error } = providersConfig.safeParse(env);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('settings of the data sources', () => {
  it('have defaults', () => {
    expect(read()).toMatchObject({
      names: ['mock'],
      plugins: [],
      emptyIsFailure: [],
      chain: { mode: 'fallback', guildSources: new Map(), pollMs: 30_000, staleMs: 600_000 },
      limits: { timeoutMs: 10_000, concurrency: 8, cacheMs: 60_000, staleMs: 600_000 },
    });
    expect(readProviders(providersConfig.parse({}), 'discord-gateway').names).toEqual(['discord-gateway']);
  });

  it('are each taken for what they are', () => {
    const config = read({
      DATA_PROVIDERS: 'http, file',
      PROVIDER_PLUGINS: './a.mjs, ./b.mjs,',
      PROVIDER_MODE: 'merge',
      PROVIDER_TIMEOUT_MS: '1',
      PROVIDER_CONCURRENCY: '2',
      PROVIDER_CACHE_SECONDS: '3',
      PROVIDER_STALE_SECONDS: '4',
      PROVIDER_POLL_SECONDS: '0.5',
      PROVIDER_EMPTY_IS_FAILURE: 'file',
    });
    expect(config).toMatchObject({
      names: ['http', 'file'],
      plugins: ['./a.mjs', './b.mjs'],
      emptyIsFailure: ['file'],
      chain: { mode: 'merge', pollMs: 500, staleMs: 4_000 },
      limits: { timeoutMs: 1, concurrency: 2, cacheMs: 3_000, staleMs: 4_000 },
    });
  });

  it('choose sources for single guilds, in their order, which come last for the others', () => {
    const { names, chain } = read({
      DATA_PROVIDERS: 'file,mock',
      GUILD_PROVIDERS: `${here}=http+file, ${there} = mock + postgres + http`,
    });
    expect([...chain.guildSources]).toEqual([
      [here, ['http', 'file']],
      [there, ['mock', 'postgres', 'http']],
    ]);
    expect(names).toEqual(['file', 'mock', 'http', 'postgres']);
  });

  it.each([
    [{ GUILD_PROVIDERS: 'x=mock' }, 'GUILD_PROVIDERS: "x" is not the id of a guild'],
    [{ GUILD_PROVIDERS: '__proto__=mock' }, 'GUILD_PROVIDERS: "__proto__" is not the id of a guild'],
    [{ GUILD_PROVIDERS: '1234=mock' }, 'GUILD_PROVIDERS: "1234" is not the id of a guild'],
    [{ GUILD_PROVIDERS: `${here}=mock,${here}=http` }, `GUILD_PROVIDERS: names the guild ${here} twice`],
    [{ GUILD_PROVIDERS: `${here}=mock+mock` }, 'GUILD_PROVIDERS: names a source twice'],
    [{ GUILD_PROVIDERS: `${here}=mock=http` }, /^GUILD_PROVIDERS: must be pairs/],
    [{ GUILD_PROVIDERS: here }, /^GUILD_PROVIDERS: name at least one of mock, /],
    [{ GUILD_PROVIDERS: `${here}=` }, /^GUILD_PROVIDERS: name at least one of mock, /],
    [{ DATA_PROVIDERS: 'http,mock,http' }, 'DATA_PROVIDERS: names a source twice'],
    [{ DATA_PROVIDERS: ',' }, /^DATA_PROVIDERS: name at least one of mock, /],
    [{ PROVIDER_EMPTY_IS_FAILURE: 'mock,mock' }, 'PROVIDER_EMPTY_IS_FAILURE: names a source twice'],
    [{ PROVIDER_MODE: 'both' }, /^PROVIDER_MODE: /],
    [{ DEMO_DATA: 'yes' }, /^DEMO_DATA: /],
    ...Object.entries({
      PROVIDER_TIMEOUT_MS: ['0', '1.5', 'soon', '120001'],
      PROVIDER_CONCURRENCY: ['0', '1001', '-1'],
      PROVIDER_CACHE_SECONDS: ['-1', '86401', 'NaN'],
      PROVIDER_STALE_SECONDS: ['-1', '604801', 'Infinity'],
      PROVIDER_POLL_SECONDS: ['0', '0.09', '86401'],
    }).flatMap(([key, values]) => values.map((value): [object, RegExp] => [{ [key]: value }, new RegExp(`^${key}: `)])),
  ] as [Record<string, string>, string | RegExp][])('refuse %j', (env, sentence) => {
    const said = faults(env);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(sentence);
  });

  it('are refused when they are about a source that is not there', () => {
    const said = (env: Record<string, string>, production = false) => sourceFaults(read(env), { production });
    expect(said({ PROVIDER_EMPTY_IS_FAILURE: 'mock' })).toEqual([]);
    expect(said({ PROVIDER_EMPTY_IS_FAILURE: 'mokc' })).toEqual([
      'PROVIDER_EMPTY_IS_FAILURE: "mokc" is none of the sources in use (mock)',
    ]);
    // One of a plugin, and one that speaks for a single guild.
    expect(said({ DATA_PROVIDERS: 'game', PROVIDER_EMPTY_IS_FAILURE: 'game' })).toEqual([]);
    expect(said({ GUILD_PROVIDERS: `${here}=game`, PROVIDER_EMPTY_IS_FAILURE: 'game' })).toEqual([]);
    expect(said({ GUILD_PROVIDERS: `${here}=file` })).toEqual(['FILE_SOURCE_PATH: must be set for the source file']);
  });

  it('show made-up guilds in production only when they say so', () => {
    const said = (env: Record<string, string>) => sourceFaults(read(env), { production: true });
    expect(said({})).toEqual([expect.stringContaining('DEMO_DATA=on')]);
    expect(said({ DATA_PROVIDERS: 'game', GUILD_PROVIDERS: `${here}=mock` })).toHaveLength(1);
    expect(said({ DEMO_DATA: 'on' })).toEqual([]);
    expect(said({ DATA_PROVIDERS: 'game' })).toEqual([]);
  });

  it('name what is not there among all that are', () => {
    expect(unknownSource(['mock', 'game'], ['game'])).toBeUndefined();
    expect(unknownSource(['mock', 'game', 'x'], ['play'])).toMatch(/^there is no "game"; choose from mock, .*, play$/);
    for (const odd of ['__proto__', 'constructor', '', 'Mock']) expect(unknownSource([odd])).toContain(`"${odd}"`);
  });
});

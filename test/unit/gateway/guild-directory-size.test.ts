import { describe, expect, it } from 'vitest';
import { describe as directoryOf } from '../../../src/gateway/guild-directory.js';
import { manyGuildsId } from '../../support/many-guilds-server.js';

describe('a directory of fifty thousand guilds', () => {
  const guilds = Array.from({ length: 50_000 }, (_, index) => {
    return { id: manyGuildsId(index), name: 'All of One Name', iconUrl: null, source: 'many' };
  });

  // Were any step of it to look at all guilds for each, this would take minutes, which no test is given.
  it('gives each its own short name, though all have the same name', () => {
    const entries = directoryOf(guilds, new Map());
    const aliases = entries.map(({ alias }) => alias);
    expect(new Set(aliases).size).toBe(guilds.length);
    expect(aliases[0]).toBe('all-of-one-name');
    expect(aliases[1]).toBe(`all-of-one-name-${guilds[1]!.id.slice(-4)}`);
    expect(entries.filter((entry) => entry.default)).toEqual([entries[0]]);
  });

  it('takes a choice for each of them', () => {
    const choices = new Map(
      guilds.map(({ id }, index) => {
        return [id, { enabled: index % 2 === 0, alias: `a-${index}`, isDefault: index === 40_000, door: null }];
      }),
    );
    const entries = directoryOf(guilds, choices);
    expect(entries).toHaveLength(25_000);
    expect(entries.map(({ alias }) => alias)).toEqual(entries.map((_, index) => `a-${index * 2}`));
    expect(entries.filter((entry) => entry.default).map(({ id }) => id)).toEqual([manyGuildsId(40_000)]);
  });
});

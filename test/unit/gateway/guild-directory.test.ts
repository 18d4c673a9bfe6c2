import { describe as suite, expect, it, vi } from 'vitest';
import { describe, GuildDirectory, slugOf } from '../../../src/gateway/guild-directory.js';
import { type SourcedGuild } from '../../../src/providers/provider-chain.js';
import { type GuildSettingsStore } from '../../../src/guilds/guild-settings.js';
import { chainOf, ListedProvider, noSettings, settingsOf } from './gateway-parts.js';

const ids = ['100000000000000001', '100000000000000002', '100000000000000003'] as const;

function sourced(id: string, name: string, suggested?: SourcedGuild['suggested']): SourcedGuild {
  return { id, name, iconUrl: null, source: 'test', ...(suggested && { suggested }) };
}

type Choice = Parameters<typeof describe>[1] extends ReadonlyMap<string, infer C> ? C : never;
const choice = (fields: Partial<Choice>): Choice => ({
  enabled: true,
  alias: null,
  isDefault: false,
  door: null,
  ...fields,
});
const aliases = (entries: ReturnType<typeof describe>) =>
  Object.fromEntries(entries.map(({ id, alias }) => [id, alias]));
const defaultOf = (entries: ReturnType<typeof describe>) =>
  entries.filter((entry) => entry.default).map(({ id }) => id);

suite('short names of guilds', () => {
  it.each([
    ['D-World', 'd-world'],
    ['  Crème Brûlée!  ', 'creme-brulee'],
    ['Docs (WIP)', 'docs-wip'],
    ['한국 길드', '한국-길드'.normalize('NFC')],
    ['Ελλάδα', 'ελλαδα'],
    ['---', ''],
    ['🎉🎉', ''],
    ['', ''],
    ['a'.repeat(40), 'a'.repeat(32)],
    [`${'a'.repeat(31)} b`, 'a'.repeat(31)],
    ['𐐀'.repeat(40), '𐐨'.repeat(32)],
  ])('makes %j into %j', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
    expect(() => encodeURIComponent(slugOf(name))).not.toThrow();
    expect(slugOf(slugOf(name))).toBe(slugOf(name));
  });

  it('gives the plain one to the oldest guild, whatever the order it is told in', () => {
    const guilds = [sourced(ids[2], 'Same'), sourced(ids[0], 'Same'), sourced(ids[1], 'same')];
    const expected = { [ids[0]]: 'same', [ids[1]]: 'same-0002', [ids[2]]: 'same-0003' };
    expect(aliases(describe(guilds, new Map()))).toEqual(expected);
    expect(aliases(describe([...guilds].reverse(), new Map()))).toEqual(expected);
  });

  it('falls back to the id where names run out, and for names without a letter', () => {
    const twin = '200000000000000001';
    const third = '300000000000000001';
    const guilds = [sourced(ids[0], 'x'), sourced(twin, 'x'), sourced(third, 'x'), sourced(ids[1], '!!!')];
    expect(aliases(describe(guilds, new Map()))).toEqual({
      [ids[0]]: 'x',
      [twin]: 'x-0001',
      [third]: third,
      [ids[1]]: ids[1],
    });
  });

  it('never is "default" and never looks like the id of a guild', () => {
    const guilds = [sourced(ids[0], 'Default'), sourced(ids[1], ids[2]), sourced(ids[2], 'other')];
    const made = aliases(describe(guilds, new Map()));
    expect(made).toEqual({ [ids[0]]: 'default-0001', [ids[1]]: `${ids[2]}-0002`, [ids[2]]: 'other' });
  });

  it("takes the operator's before the source's before the name's, each in small letters", () => {
    const guilds = [
      sourced(ids[0], 'One', { alias: 'Taken' }),
      sourced(ids[1], 'Two', { alias: 'Suggested' }),
      sourced(ids[2], 'Three'),
    ];
    const choices = new Map([[ids[2], choice({ alias: 'taken' })]]);
    expect(aliases(describe(guilds, choices))).toEqual({
      [ids[0]]: 'taken-0001',
      [ids[1]]: 'suggested',
      [ids[2]]: 'taken',
    });
  });
});

suite('what an operator wrote by hand', () => {
  const guilds = [sourced(ids[0], 'One'), sourced(ids[1], 'Two')];

  it('is taken in small letters, and for the oldest guild alone', () => {
    const choices = new Map([
      [ids[0], choice({ alias: 'Harbour' })],
      [ids[1], choice({ alias: 'hARBOUR' })],
    ]);
    expect(aliases(describe(guilds, choices))).toEqual({ [ids[0]]: 'harbour', [ids[1]]: 'two' });
  });

  it('hides no guild behind the id of another', async () => {
    const settings = settingsOf([{ guildId: ids[0], enabled: true, alias: ids[1], isDefault: false, door: null }]);
    const sources = [new ListedProvider(ids[0]), new ListedProvider(ids[1], [], { name: 'next' })];
    const directory = new GuildDirectory(chainOf(sources, 1_000), settings);
    expect((await directory.find(ids[0]))?.id).toBe(ids[0]);
    expect((await directory.find(ids[1]))?.id).toBe(ids[1]);
    expect(directory.lastKnown(ids[1])?.id).toBe(ids[1]);
  });
});

suite('the default guild', () => {
  const guilds = [sourced(ids[0], 'a'), sourced(ids[1], 'b', { default: true }), sourced(ids[2], 'c')];

  it("is the operator's, else the source's, else the oldest open one", () => {
    expect(defaultOf(describe(guilds, new Map([[ids[2], choice({ isDefault: true })]])))).toEqual([ids[2]]);
    expect(defaultOf(describe(guilds, new Map()))).toEqual([ids[1]]);
    expect(
      defaultOf(
        describe(
          guilds.map(({ suggested: _, ...guild }) => guild),
          new Map(),
        ),
      ),
    ).toEqual([ids[0]]);
  });

  it('is never a guarded or hidden one, and there is none when no guild is open', () => {
    const guarded = new Map([[ids[1], choice({ door: 'password', isDefault: true })]]);
    expect(defaultOf(describe(guilds, guarded))).toEqual([ids[0]]);
    const hidden = new Map([[ids[1], choice({ enabled: false, isDefault: true })]]);
    expect(describe(guilds, hidden).map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect(defaultOf(describe(guilds, hidden))).toEqual([ids[0]]);
    const all = new Map(ids.map((id) => [id as string, choice({ door: 'discord', isDefault: true })]));
    expect(defaultOf(describe(guilds, all))).toEqual([]);
  });

  it("is the operator's to open too: a door the source suggests gives way", () => {
    const suggested = [sourced(ids[0], 'a', { door: 'discord' })];
    expect(describe(suggested, new Map())[0]?.door).toBe('discord');
    expect(describe(suggested, new Map([[ids[0], choice({ door: 'open' })]]))[0]?.door).toBe('open');
  });
});

suite('the directory', () => {
  it('finds by id and by alias in any case, and nothing under odd names', async () => {
    const chain = chainOf([new ListedProvider(ids[0], [], { guild: { name: '한국' } })], 1_000);
    const directory = new GuildDirectory(chain, noSettings);
    expect((await directory.find(` ${ids[0]} `))?.id).toBe(ids[0]);
    expect((await directory.find('한국'.normalize('NFD')))?.id).toBe(ids[0]);
    const taken = { suggested: { alias: '부산'.normalize('NFD') } };
    const apart = new GuildDirectory(chainOf([new ListedProvider(ids[0], [], { guild: taken })], 1_000), noSettings);
    for (const form of ['NFC', 'NFD']) expect((await apart.find('부산'.normalize(form)))?.alias).toBe('부산');
    for (const odd of ['__proto__', 'constructor', '', ' ', 'default'])
      expect(await directory.find(odd)).toBeUndefined();
  });

  it('asks the sources once for those who ask together', async () => {
    const provider = new ListedProvider(ids[0]);
    const directory = new GuildDirectory(chainOf([provider], 1_000), settingsOf([]));
    await Promise.all([directory.list(), directory.list(), directory.find('x')]);
    await directory.list();
    expect(provider.lists).toBe(1);
  });

  it('does not take a look that began before it forgot for the present', async () => {
    let release: () => void = () => undefined;
    const database = new Promise<never[]>((resolve) => (release = () => resolve([])));
    let reads = 0;
    // The sources are seen at once; the settings of the first look come late.
    const settings = { all: () => (reads++ === 0 ? database : Promise.resolve([])) } as unknown as GuildSettingsStore;
    const name = { name: 'Before' };
    const chain = chainOf([new ListedProvider(ids[0], [], { guild: name })], 1_000);
    const directory = new GuildDirectory(chain, settings);
    const early = directory.list();
    await Promise.resolve();
    name.name = 'After';
    directory.forget();
    expect((await directory.list())[0]?.name).toBe('After');
    release();
    expect((await early)[0]?.name).toBe('Before');
    expect((await directory.list())[0]?.name).toBe('After');
    expect(directory.lastKnown(ids[0])?.name).toBe('After');
  });

  it('is asked again after a failed look', async () => {
    let fails = true;
    const settings = {
      all: () => (fails ? Promise.reject(new Error('no settings')) : Promise.resolve([])),
    } as unknown as GuildSettingsStore;
    const directory = new GuildDirectory(chainOf([new ListedProvider(ids[0])], 1_000), settings);
    await expect(directory.list()).rejects.toThrow('no settings');
    fails = false;
    expect(await directory.list()).toHaveLength(1);
  });

  it('remembers guilds by their ids alone, without asking anybody', async () => {
    const provider = new ListedProvider(ids[0], [], { guild: { name: 'Town' } });
    const directory = new GuildDirectory(chainOf([provider], 1_000), noSettings);
    expect(directory.lastKnown(ids[0])).toBeUndefined();
    expect(provider.lists).toBe(0);
    await directory.list();
    directory.forget();
    expect(directory.lastKnown(ids[0])).toMatchObject({ id: ids[0], alias: 'town' });
    for (const other of ['town', 'Town', ids[1], '__proto__', '']) expect(directory.lastKnown(other)).toBeUndefined();
    expect(provider.lists).toBe(1);
  });

  it('looks again when a second is over', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const provider = new ListedProvider(ids[0]);
      const directory = new GuildDirectory(chainOf([provider], 1_000), noSettings);
      await directory.list();
      vi.advanceTimersByTime(999);
      await directory.list();
      expect(provider.lists).toBe(1);
      vi.advanceTimersByTime(1);
      await directory.list();
      expect(provider.lists).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('looks again after a look that it forgot in the middle', async () => {
    let release: () => void = () => undefined;
    const listed = new Promise<void>((resolve) => (release = resolve));
    const provider = new ListedProvider(ids[0], [], { listed: () => listed });
    const directory = new GuildDirectory(chainOf([provider], 1_000), noSettings);
    const early = directory.list();
    await vi.waitFor(() => expect(provider.lists).toBe(1));
    directory.forget();
    release();
    await early;
    await directory.list();
    expect(provider.lists).toBe(2);
  });
});

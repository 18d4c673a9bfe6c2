import { describe, expect, it, vi } from 'vitest';
import { type Member } from '../../../src/domain/member.js';
import { type SourceGuild } from '../../../src/domain/source-snapshot.js';
import { DataProvider, type RawSnapshot } from '../../../src/providers/data-provider.js';
import { type ChainOptions, type ProviderChain } from '../../../src/providers/provider-chain.js';
import { memberOf } from '../../support/events.js';
import { chainOf } from '../gateway/gateway-parts.js';

const here = '100000000000000001';
const there = '100000000000000002';
const [ada, bob, eve] = ['200000000000000001', '200000000000000002', '200000000000000003'].map((id) =>
  memberOf(id),
) as [Member, Member, Member];

/** Knows both guilds, unless told otherwise. */
class Source extends DataProvider {
  override live: boolean;
  readonly loads: string[] = [];
  broken = false;
  watched: ((guildId?: string) => void) | undefined;

  constructor(
    readonly name: string,
    public members: Member[] | null = [],
    { live = false } = {},
  ) {
    super();
    this.live = live;
  }

  listGuilds(): Promise<SourceGuild[]> {
    return this.broken ? Promise.reject(new Error('broken')) : Promise.resolve([this.of(here), this.of(there)]);
  }

  loadGuild(guildId: string): Promise<RawSnapshot | undefined> {
    this.loads.push(guildId);
    if (this.broken) return Promise.reject(new Error('broken'));
    return Promise.resolve(this.members ? { guild: this.of(guildId), members: this.members } : undefined);
  }

  override watch(changed: (guildId?: string) => void): Promise<() => Promise<void>> {
    this.watched = changed;
    return Promise.resolve(() => Promise.resolve(void (this.watched = undefined)));
  }

  private of(id: string): SourceGuild {
    return { id, name: `${this.name} ${id.at(-1)}`, iconUrl: null };
  }
}

function chain(sources: Source[], options: Partial<ChainOptions> = {}, kept = 0): ProviderChain {
  const all: ChainOptions = { mode: 'merge', guildSources: new Map(), pollMs: 30_000, staleMs: 600_000, ...options };
  return chainOf(sources, 1_000, { options: all, cacheMs: kept, staleMs: kept });
}

const idsOf = (snapshot: { members: Member[] } | undefined) => snapshot?.members.map(({ id }) => id);
const unavailable = { code: 'guild.unavailable', details: { retryAfter: 5 } };

describe('a chain that merges', () => {
  it('shows the members of all that know the guild, each as the first tells, and asks every source', async () => {
    const sources = [
      new Source('a', [ada]),
      new Source('b', null),
      new Source('c', [{ ...ada, displayName: 'Other' }, bob]),
    ];
    const snapshot = await chain(sources).load(here);
    expect(snapshot).toMatchObject({ source: 'a+c', guild: { name: 'a 1' }, members: [ada, bob], partial: [] });
    expect(sources.map(({ loads }) => loads.length)).toEqual([1, 1, 1]);
  });

  it('is told by one alone when the others do not know the guild', async () => {
    expect(await chain([new Source('a', null), new Source('b', [bob])]).load(here)).toMatchObject({
      source: 'b',
      partial: [],
      stale: false,
    });
    expect(await chain([new Source('a', null), new Source('b', null)]).load(here)).toBeUndefined();
  });

  it.each([[['a']], [['b']], [['a', 'b']], [['b', 'c']]])('names those that are broken: %j', async (broken) => {
    const sources = [new Source('a', [ada]), new Source('b', [bob]), new Source('c', [eve])];
    for (const source of sources) source.broken = broken.includes(source.name);
    const well = sources.filter((source) => !source.broken);
    const snapshot = await chain(sources).load(here);
    expect(snapshot?.source).toBe(well.map(({ name }) => name).join('+'));
    expect(idsOf(snapshot)).toEqual(well.flatMap(({ members }) => members?.map(({ id }) => id) ?? []));
    expect(snapshot?.partial).toEqual(broken.map((name) => `source:${name}`));
  });

  it('cannot be read when one is broken and no other knows the guild', async () => {
    const sources = [new Source('a'), new Source('b', null)];
    sources[0]!.broken = true;
    await expect(chain(sources).load(here)).rejects.toMatchObject(unavailable);
  });

  it('gives the old answer of a broken source with the new one of another, marked as old', async () => {
    const [a, b] = [new Source('a', [ada]), new Source('b', [bob])];
    const keeping = chainOf([a, b], 1_000, { cacheMs: 0, staleMs: 60_000, options: optionsOf('merge') });
    await keeping.load(here);
    b.broken = true;
    a.members = [eve];
    await vi.waitFor(async () =>
      expect(await keeping.load(here)).toMatchObject({ source: 'a+b', stale: true, members: [eve, bob], partial: [] }),
    );
  });

  it.each(['a', 'b', 'a+b', 'b+c', 'a+b+c'])('lets nobody leave while one of %s is broken', async (loyalTo) => {
    const sources = [new Source('a', [ada]), new Source('b', [bob]), new Source('c', [eve])];
    const merged = chain(sources);
    for (const source of sources) {
      for (const one of sources) one.broken = one === source;
      const reloading = merged.reload(here, loyalTo);
      if (loyalTo.includes(source.name)) await expect(reloading).rejects.toMatchObject(unavailable);
      else expect((await reloading)?.partial).toEqual([`source:${source.name}`]);
    }
  });

  it('lets nobody leave either while another is broken that was silent before', async () => {
    const sources = [new Source('a', [ada]), new Source('b', [bob]), new Source('c', [eve])];
    sources[1]!.broken = sources[2]!.broken = true;
    await expect(chain(sources).reload(here, 'a+c')).rejects.toMatchObject(unavailable);
    expect(idsOf(await chain(sources).reload(here))).toEqual([ada.id]);
  });

  it('is live when all of its sources are, whoever spoke last', () => {
    const [live, polled] = [new Source('a', [], { live: true }), new Source('b', [])];
    expect(chain([live, polled]).isLive(here, 'a')).toBe(false);
    expect(chain([live]).isLive(here, 'a')).toBe(true);
    const guildSources = new Map([[here, ['a']]]);
    expect(chain([live, polled], { guildSources }).isLive(here, 'a')).toBe(true);
    expect(chain([live, polled], { guildSources }).isLive(there, 'a')).toBe(false);
  });
});

function optionsOf(mode: ChainOptions['mode']): ChainOptions {
  return { mode, guildSources: new Map(), pollMs: 30_000, staleMs: 600_000 };
}

describe('a chain in which the first counts', () => {
  it('asks nobody else, and is as live as who speaks', async () => {
    const [a, b] = [new Source('a', [ada], { live: true }), new Source('b', [bob])];
    const first = chain([a, b], { mode: 'fallback' });
    expect(await first.load(here)).toMatchObject({ source: 'a', members: [ada] });
    expect(b.loads).toEqual([]);
    expect([first.isLive(here, 'a'), first.isLive(here, 'b')]).toEqual([true, false]);
  });

  it('says nothing of a broken source where another speaks for it', async () => {
    const [a, b] = [new Source('a', [ada]), new Source('b', [bob])];
    a.broken = true;
    expect(await chain([a, b], { mode: 'fallback' }).load(here)).toMatchObject({ source: 'b', partial: [] });
  });

  it('is loyal to who spoke last while that is broken, and gives way to one before it', async () => {
    const [a, b] = [new Source('a', [ada]), new Source('b', [bob])];
    const first = chain([a, b], { mode: 'fallback' });
    a.broken = true;
    await expect(first.reload(here, 'a')).rejects.toMatchObject(unavailable);
    expect((await first.reload(here, 'b'))?.source).toBe('b');
    expect((await first.reload(here))?.source).toBe('b');
    a.broken = false;
    b.broken = true;
    expect((await first.reload(here, 'b'))?.source).toBe('a');
  });

  it('reads what is kept at ease, and again when it is told to', async () => {
    const a = new Source('a', [ada]);
    const first = chain([a], { mode: 'fallback' }, 60_000);
    await first.load(here);
    await first.load(here);
    expect(a.loads).toHaveLength(1);
    await first.reload(here, 'a');
    expect(a.loads).toHaveLength(2);
  });
});

describe('the sources of single guilds', () => {
  const guildSources = new Map([[here, ['b', 'missing', 'a']]]);

  it('are asked in the order that was chosen for the guild, and no others', async () => {
    const sources = ['a', 'b', 'c'].map(
      (name) => new Source(name, [memberOf(`20000000000000000${name.charCodeAt(0)}`)]),
    );
    const merged = chain(sources, { guildSources });
    expect((await merged.load(here))?.source).toBe('b+a');
    expect((await merged.load(there))?.source).toBe('a+b+c');
    const first = chain(sources, { guildSources, mode: 'fallback' });
    expect((await first.load(here))?.source).toBe('b');
    expect((await first.load(there))?.source).toBe('a');
  });

  it('list it alone, the first source of all that may', async () => {
    const listed = async (sources: Map<string, string[]>) =>
      (
        await chain(
          ['a', 'b'].map((name) => new Source(name)),
          { guildSources: sources },
        ).guilds()
      ).map(({ id, source, name }) => [id, source, name]);
    expect(await listed(new Map())).toEqual([
      [here, 'a', 'a 1'],
      [there, 'a', 'a 2'],
    ]);
    expect(new Set(await listed(new Map([[here, ['b']]])))).toEqual(
      new Set([
        [there, 'a', 'a 2'],
        [here, 'b', 'b 1'],
      ]),
    );
    expect((await listed(new Map([[here, ['c']]]))).map(([id]) => id)).toEqual([there]);
  });
});

describe('watching all sources', () => {
  it('hears each, and ends for each', async () => {
    const sources = [new Source('a'), new Source('b')];
    const heard: unknown[] = [];
    const stop = chain(sources).watch((guildId) => heard.push(guildId));
    sources[0]!.watched?.(here);
    sources[1]!.watched?.();
    expect(heard).toEqual([here, undefined]);
    await Promise.resolve();
    await stop();
    expect(sources.map(({ watched }) => watched)).toEqual([undefined, undefined]);
  });
});

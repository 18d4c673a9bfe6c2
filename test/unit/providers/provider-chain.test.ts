import { describe, expect, it } from 'vitest';
import { memberOf } from '../../support/events.js';
import { chainOf, ListedProvider } from '../gateway/gateway-parts.js';

const here = '100000000000000001';
const there = '100000000000000002';
const alice = memberOf('200000000000000001');

const broken = () => Promise.reject(new Error('broken'));
const silent = () => new Promise<void>(() => undefined);

describe('the chain of data sources', () => {
  it('takes the first that knows the guild, and says which and when', async () => {
    const chain = chainOf(
      [new ListedProvider(there, [], { name: 'a' }), new ListedProvider(here, [alice], { name: 'b' })],
      1_000,
    );
    const before = new Date().toISOString();
    const snapshot = await chain.load(here);
    expect(snapshot).toMatchObject({ source: 'b', stale: false, members: [alice], guild: { id: here } });
    expect(snapshot!.asOf >= before).toBe(true);
    expect((await chain.guilds()).map(({ id, source }) => [id, source])).toEqual([
      [there, 'a'],
      [here, 'b'],
    ]);
    expect(chain.names).toEqual(['a', 'b']);
  });

  it('takes an empty guild for an answer', async () => {
    const second = new ListedProvider(here, [alice]);
    const chain = chainOf([new ListedProvider(here, []), second], 1_000);
    expect((await chain.load(here))?.members).toEqual([]);
    expect(second.loads).toBe(0);
  });

  it('tells a guild that nobody knows from one that cannot be read', async () => {
    const ends = new ListedProvider(there);
    expect(await chainOf([ends], 1_000).load(here)).toBeUndefined();
    const chain = chainOf([new ListedProvider(here, [], { answer: broken }), ends], 1_000);
    await expect(chain.load(here)).rejects.toMatchObject({ code: 'guild.unavailable', details: { retryAfter: 5 } });
    expect(await chain.load(there)).toMatchObject({ guild: { id: there } });
  });

  it.each([
    ['throws', broken],
    ['does not answer in time', silent],
    [
      'throws before it promises',
      () => {
        throw new Error('at once');
      },
    ],
  ])('asks the next when one %s', async (_name, answer) => {
    const sources = [
      new ListedProvider(here, [], { answer, listed: answer }),
      new ListedProvider(here, [alice], { name: 'next' }),
    ];
    const chain = chainOf(sources, 20);
    expect(await chain.load(here)).toMatchObject({ source: 'next' });
    expect(await chain.guilds()).toMatchObject([{ id: here, source: 'next' }]);
  });

  it('asks once for all who ask together, and again for those who come later', async () => {
    const source = new ListedProvider(here, [alice]);
    const chain = chainOf([source], 1_000);
    const [one, two] = await Promise.all([chain.load(here), chain.load(here)]);
    expect(one).toBe(two);
    expect(source.loads).toBe(1);
    await chain.load(here);
    expect(source.loads).toBe(2);
  });

  it('remembers no failure', async () => {
    let fails = true;
    const chain = chainOf(
      [new ListedProvider(here, [], { answer: () => (fails ? broken() : Promise.resolve()) })],
      1_000,
    );
    await expect(chain.load(here)).rejects.toMatchObject({ code: 'guild.unavailable' });
    fails = false;
    expect(await chain.load(here)).toMatchObject({ guild: { id: here } });
  });

  it('still lists the guilds of a source that broke, and no guilds of one that never answered', async () => {
    let fails = false;
    const source = new ListedProvider(here, [], { listed: () => (fails ? broken() : Promise.resolve()) });
    const chain = chainOf([source, new ListedProvider(there, [], { listed: broken })], 1_000);
    expect(await chain.guilds()).toHaveLength(1);
    fails = true;
    expect((await chain.guilds()).map(({ id }) => id)).toEqual([here]);
  });
});

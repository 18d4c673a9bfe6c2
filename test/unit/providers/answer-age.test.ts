import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mergeSnapshots } from '../../../src/providers/merge-snapshots.js';
import { readSnapshot } from '../../../src/providers/read-snapshot.js';
import { guildId, ScriptedSource } from './scripted-source.js';

const now = new Date('2026-03-01T12:00:00.000Z');

function read(age: object) {
  const { snapshot, repairs } = readSnapshot(
    { guild: { id: guildId, name: 'Guild' }, members: [], ...age },
    guildId,
    1,
  );
  const { stale, asOf } = snapshot;
  return { stale, asOf, repairs: [...repairs.keys()] };
}

describe('the age that an answer tells', () => {
  it.each([
    [{}, undefined, undefined],
    [{ stale: true }, true, undefined],
    [{ stale: false, asOf: '2026-03-01T11:00:00Z' }, false, '2026-03-01T11:00:00.000Z'],
    [{ asOf: '2026-03-01T12:00:00.5+01:00' }, undefined, '2026-03-01T11:00:00.500Z'],
    [{ stale: null, asOf: null }, undefined, undefined],
  ])('is taken: %j', (age, stale, asOf) => {
    expect(read(age)).toEqual({ stale, asOf, repairs: [] });
  });

  it.each([
    [{ stale: 'yes' }, 'stale'],
    [{ stale: 1 }, 'stale'],
    [{ stale: {} }, 'stale'],
    [{ asOf: 'yesterday' }, 'asOf'],
    [{ asOf: '5' }, 'asOf'],
    [{ asOf: '2026-13-01T12:00:00Z' }, 'asOf'],
    [{ asOf: '' }, 'asOf'],
    [{ asOf: 1_767_225_600_000 }, 'asOf'],
    [{ asOf: ['2026-03-01T11:00:00Z'] }, 'asOf'],
  ])('is left out where it is none, and that is said: %j', (age, what) => {
    expect(read(age)).toEqual({ stale: undefined, asOf: undefined, repairs: [what] });
  });
});

describe('a source that tells the age of its answers', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now });
  });
  afterEach(() => vi.useRealTimers());

  it('is believed, but for what is to come', async () => {
    const source = new ScriptedSource();
    const guarded = source.guarded();
    const load = async (more: ScriptedSource['more']) => {
      source.more = more;
      const { stale, asOf } = (await guarded.load(guildId, { fresh: true }))!;
      return [stale, asOf];
    };
    expect(await load({})).toEqual([false, now.toISOString()]);
    expect(await load({ stale: true, asOf: '2026-03-01T11:00:00Z' })).toEqual([true, '2026-03-01T11:00:00.000Z']);
    expect(await load({ asOf: '2026-03-01T13:00:00Z' })).toEqual([false, now.toISOString()]);
    expect(await load({ stale: 'x' as unknown as boolean, asOf: 'x' })).toEqual([false, now.toISOString()]);
  });

  it('makes what is merged with it as old as it is', async () => {
    const [young, old] = [new ScriptedSource(), new ScriptedSource()];
    old.more = { stale: true, asOf: '2026-03-01T11:00:00Z' };
    const [one, other] = await Promise.all([young, old].map((source) => source.guarded().load(guildId)));
    for (const merged of [mergeSnapshots(one!, [other!], []), mergeSnapshots(other!, [one!], [])]) {
      expect(merged).toMatchObject({ stale: true, asOf: '2026-03-01T11:00:00.000Z', renewing: false });
    }
    expect(mergeSnapshots(one!, [{ ...other!, renewing: true }], []).renewing).toBe(true);
  });
});

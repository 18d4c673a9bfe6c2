import { describe, expect, it } from 'vitest';
import { type SourcedSnapshot } from '../../../src/providers/guarded-source.js';
import { mergeSnapshots } from '../../../src/providers/merge-snapshots.js';
import { memberOf } from '../../support/events.js';

const guildId = '100000000000000001';
const [ada, bob, eve] = ['200000000000000001', '200000000000000002', '200000000000000003'] as const;

function said(source: string, fields: Partial<SourcedSnapshot> = {}): SourcedSnapshot {
  const guild = { id: guildId, name: `Guild of ${source}`, iconUrl: null, suggested: { alias: source } };
  return { guild, members: [], partial: [], source, asOf: '2026-01-01T00:00:02.000Z', stale: false, ...fields };
}

describe('what several sources say of one guild', () => {
  it('is the guild as the first tells it, and each member as the first that knows them', () => {
    const merged = mergeSnapshots(
      said('a', { members: [memberOf(bob, { displayName: 'first' })] }),
      [
        said('b', { members: [memberOf(ada), memberOf(bob, { displayName: 'second' })] }),
        said('c', { members: [memberOf(eve), memberOf(ada, { displayName: 'third' })] }),
      ],
      [],
    );
    expect(merged).toEqual({
      ...said('a'),
      members: [memberOf(bob, { displayName: 'first' }), memberOf(ada), memberOf(eve)],
      source: 'a+b+c',
      renewing: false,
    });
  });

  it('has the channels of all that tell of some, each as the first tells it', () => {
    const channel = (id: string, name: string) => ({ id, name, kind: 'text' as const });
    const others = [
      said('b', { channels: [channel('1', 'one')] }),
      said('c', { channels: [channel('1', 'x'), channel('2', 'two')] }),
    ];
    expect(mergeSnapshots(said('a'), others, []).channels).toEqual([channel('1', 'one'), channel('2', 'two')]);
    expect(mergeSnapshots(said('a'), [said('b')], [])).not.toHaveProperty('channels');
  });

  it('lacks what any of them lacks, once, and every source that did not answer', () => {
    const first = said('a', { partial: ['roles', 'presence'] });
    const others = [said('b', { partial: ['presence', 'avatars'] })];
    expect(mergeSnapshots(first, others, []).partial).toEqual(['roles', 'presence', 'avatars']);
    expect(mergeSnapshots(first, others, ['c', 'd']).partial).toEqual([
      'roles',
      'presence',
      'avatars',
      'source:c',
      'source:d',
    ]);
    expect(mergeSnapshots(said('a'), [], ['b'])).toEqual({ ...said('a'), partial: ['source:b'], renewing: false });
  });

  it('is as old as the oldest of them, and stale when one of them is', () => {
    const old = { asOf: '2026-01-01T00:00:01.000Z' };
    expect(mergeSnapshots(said('a'), [said('b', old)], [])).toMatchObject({ ...old, stale: false });
    expect(mergeSnapshots(said('a', old), [said('b')], [])).toMatchObject({ ...old, stale: false });
    expect(mergeSnapshots(said('a', { stale: true }), [said('b')], []).stale).toBe(true);
    expect(mergeSnapshots(said('a'), [said('b', { stale: true })], []).stale).toBe(true);
  });

  it('leaves what each said as it was', () => {
    const answers = [said('a', { members: [memberOf(ada)] }), said('b', { members: [memberOf(bob)] })] as const;
    const before = structuredClone(answers);
    mergeSnapshots(answers[0], [answers[1]], ['c']);
    expect(answers).toEqual(before);
  });
});

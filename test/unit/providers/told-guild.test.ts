import { describe, expect, it } from 'vitest';
import { isEnabled, isTold, toldEntries, toldGuild, toldSnapshot } from '../../../src/providers/told-guild.js';

const id = '300000000000000001';
const doorOf = (told: object) => toldGuild({ id, name: 'Town', ...told })?.suggested?.door;

describe('a guild as documents tell it', () => {
  it('is an object', () => {
    expect([{}, { id }].map(isTold)).toEqual([true, true]);
    expect([[], [{}], null, undefined, 'x', 5, true].map(isTold)).toEqual(Array(7).fill(false));
  });

  it('is one of a list, or one with its key, and whatever else is there is left out', () => {
    expect(toldEntries([{ a: 1 }, null, 'x', [], { b: 2 }])).toEqual([
      [undefined, { a: 1 }],
      [undefined, { b: 2 }],
    ]);
    expect(toldEntries({ [id]: { a: 1 }, x: 5, y: [] })).toEqual([[id, { a: 1 }]]);
    for (const odd of [null, undefined, 'text', 5]) expect(toldEntries(odd)).toEqual([]);
  });

  it('has an id of its own, or its key', () => {
    expect(toldGuild({ id, name: 'Town' }, '300000000000000009')?.id).toBe(id);
    expect(toldGuild({ name: 'Town' }, id)?.id).toBe(id);
    expect(toldGuild({ name: 'Town' })).toBeUndefined();
    expect(toldGuild({ name: 'Town' }, 'town')).toBeUndefined();
    expect(toldGuild({ id, name: 'Town', iconUrl: 'https://cdn.example/i.png', alias: 'town', secret: 1 })).toEqual({
      id,
      name: 'Town',
      iconUrl: 'https://cdn.example/i.png',
      suggested: { alias: 'town' },
    });
  });

  it.each([
    [true, true],
    [1, true],
    ['true', true],
    [false, false],
    [0, false],
    ['false', false],
    ['yes', undefined],
    [null, undefined],
    [undefined, undefined],
    [2, undefined],
  ])('takes %j for %j', (word, truth) => {
    expect(toldGuild({ id, name: 'Town', default: word })?.suggested?.default).toBe(truth);
    // What is unclear is shown, and is guarded.
    expect(isEnabled({ enabled: word })).toBe(truth !== false);
    const open = truth === false || word === null || word === undefined;
    expect(doorOf({ passworded: word })).toBe(open ? undefined : 'password');
  });

  it.each([
    ['open', 'open'],
    ['password', 'password'],
    ['discord', 'discord'],
    ['Open', 'password'],
    ['ajar', 'password'],
    ['', 'password'],
    [false, 'password'],
    [null, undefined],
    [undefined, undefined],
  ])('has the door that %j means', (door, expected) => {
    expect(doorOf({ door })).toBe(expected);
    expect(doorOf({ door, passworded: true })).toBe(expected ?? 'password');
  });
});

describe('what documents tell of a guild', () => {
  const guild = { id, name: 'Town', iconUrl: null };
  const partOf = (members: object, partial?: unknown) => toldSnapshot(guild, members, partial).partial;

  it('lacks presences where nobody has one, unless nobody is there', () => {
    expect(partOf([{ id }])).toEqual(['presence']);
    expect(partOf({ [id]: {} })).toEqual(['presence']);
    expect(partOf([{ id }, { id, status: 'online' }])).toEqual([]);
    expect(partOf([{ id, status: 'away' }])).toEqual([]);
    expect(partOf([])).toEqual([]);
    expect(partOf([null, 'x'])).toEqual([]);
  });

  it('lacks what it says that it lacks, each once', () => {
    expect(partOf([{ id }], ['roles', 5, null, 'presence', 'roles'])).toEqual(['roles', 'presence']);
    expect(partOf([], 'roles')).toEqual([]);
    expect(partOf([], { 0: 'roles' })).toEqual([]);
  });
});

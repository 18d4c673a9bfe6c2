import { describe, expect, it } from 'vitest';
import { readSnapshot } from '../../../src/providers/read-snapshot.js';
import { member as memberShape } from '../../../src/domain/member.js';

const guildId = '100000000000000001';
const ids = ['200000000000000001', '200000000000000002', '200000000000000003'] as const;

function read(members: unknown, more: object = {}) {
  const { snapshot, repairs } = readSnapshot({ guild: { id: guildId, name: 'Guild' }, members, ...more }, guildId, 10);
  for (const member of snapshot.members) expect(memberShape.parse(member)).toEqual(member);
  return { ...snapshot, repairs: Object.fromEntries(repairs) };
}

describe('an answer of a source', () => {
  it('gets defaults where it says nothing, with the id taken from the key', () => {
    expect(read({ [ids[0]]: {} })).toMatchObject({
      members: [
        {
          id: ids[0],
          username: 'Unknown',
          displayName: 'Unknown',
          status: 'offline',
          roleColor: '#99aab5',
          bot: false,
        },
      ],
      partial: [],
      repairs: { username: 1 },
    });
  });

  it('understands what d-zone servers call things', () => {
    const [member] = read([{ uid: ids[0], username: 'Ada', status: 'DND', roleColor: '#5865F2' }]).members;
    expect(member).toMatchObject({ id: ids[0], displayName: 'Ada', status: 'dnd', roleColor: '#5865f2' });
  });

  it.each([
    ['#F80', '#ff8800'],
    ['5865f2', '#5865f2'],
    [0x5865f2, '#5865f2'],
    [255, '#0000ff'],
    [0, '#99aab5'],
  ])('reads the colour %j', (roleColor, expected) => {
    expect(read([{ id: ids[0], username: 'a', roleColor }])).toMatchObject({
      members: [{ roleColor: expected }],
      repairs: {},
    });
  });

  it.each([
    ['a status', { status: 'sleeping' }, 'status'],
    ['a status that is a number', { status: Number.NaN }, 'status'],
    ['a colour', { roleColor: 'red' }, 'roleColor'],
    ['a colour out of range', { roleColor: -1 }, 'roleColor'],
    ['a name', { username: '   ' }, 'username'],
    ['a name of the wrong type', { username: { toString: 'x' } }, 'username'],
  ])('mends %s, and says so', (_what, fields, repair) => {
    const { members, repairs } = read([{ id: ids[0], username: 'ok', ...fields }]);
    expect(members).toHaveLength(1);
    expect(repairs).toEqual({ [repair]: 1 });
  });

  it('leaves out who has no usable id, and who is told twice', () => {
    const told = [
      null,
      'x',
      {},
      { id: '__proto__' },
      { id: 1.5 },
      { id: 2 ** 60 },
      { id: ids[0], username: 'first' },
      { id: ids[0], username: 'second' },
      { id: 123456789, username: 'a number' },
    ];
    const { members, repairs } = read(told);
    expect(members.map(({ id, username }) => [id, username])).toEqual([
      [ids[0], 'first'],
      ['123456789', 'a number'],
    ]);
    expect(repairs).toEqual({ 'members without an id': 6, 'members told twice': 1 });
  });

  it('cuts long names between letters, and keeps none of half a letter or NUL', () => {
    const { members } = read([
      { id: ids[0], username: 'ä'.repeat(10_000) },
      { id: ids[1], username: '😀'.repeat(500) },
      { id: ids[2], username: 'a\0b\ud800' },
    ]);
    expect(members.map(({ username }) => username)).toEqual(['ä'.repeat(100), '😀'.repeat(100), 'ab\ufffd']);
  });

  it('keeps good roles, activities, times and addresses, and nothing else', () => {
    const [member] = read([
      {
        id: ids[0],
        username: 'a',
        roleIds: [ids[1], 'x', 7],
        activities: [{ type: 'playing', name: 'chess', secret: 1 }, { type: 'x' }, null],
        joinedAt: new Date(0),
        avatarUrl: 'javascript:alert(1)',
        voiceChannelId: ids[2],
        password: 'x',
      },
    ]).members;
    expect(member).toEqual({
      id: ids[0],
      username: 'a',
      displayName: 'a',
      avatarUrl: null,
      bot: false,
      roleColor: '#99aab5',
      roleIds: [ids[1]],
      status: 'offline',
      activities: [{ type: 'playing', name: 'chess' }],
      voiceChannelId: ids[2],
      joinedAt: '1970-01-01T00:00:00.000Z',
    });
  });

  it.each([
    ['nothing', null],
    ['a text', 'guild'],
    ['no members', { guild: { id: guildId } }],
    ['no guild', { members: [] }],
    ['another guild', { guild: { id: ids[0] }, members: [] }],
    ['too many members', { guild: { id: guildId }, members: Array(11).fill({}) }],
  ])('is a failure when it is %s', (_what, raw) => {
    expect(() => readSnapshot(raw, guildId, 10)).toThrow(/answer/);
  });

  it('does not follow keys of the prototype', () => {
    const members: unknown = JSON.parse('{"__proto__":{"id":"200000000000000001"},"constructor":{}}');
    expect(read(members).members.map(({ id }) => id)).toEqual([ids[0]]);
    expect(({} as { id?: string }).id).toBeUndefined();
  });
});

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

  it('tells of channels or does not; those that make no sense are left out', () => {
    const general = { id: '300000000000000001', name: 'general', kind: 'text' };
    expect(read([])).not.toHaveProperty('channels');
    expect(read([], { channels: null })).not.toHaveProperty('channels');
    expect(read([], { channels: [] })).toMatchObject({ channels: [], repairs: {} });
    expect(read([], { channels: 'general' })).toMatchObject({ repairs: { channels: 1 } });
    const voice = { id: '300000000000000002', name: 'x'.repeat(150), kind: 'voice', secret: 'no' };
    const odd = [general, { ...general, name: 'again' }, { ...voice, kind: 'forum' }, { name: 'no id' }, null, voice];
    expect(read([], { channels: odd })).toMatchObject({
      channels: [general, { id: voice.id, name: 'x'.repeat(100), kind: 'voice' }],
      repairs: { channels: 4 },
    });
    expect(JSON.stringify(read([], { channels: odd }))).not.toContain('secret');
    const many = Array.from({ length: 600 }, (_, n) => ({ ...general, id: String(300000000000000000n + BigInt(n)) }));
    expect(read([], { channels: many }).channels).toHaveLength(500);
  });

  it('tells where a member is signed in, as far as it makes sense', () => {
    const platformsOf = (platforms: unknown) => read([{ id: ids[0], username: 'a', platforms }]).members[0];
    expect(platformsOf(['web', 'desktop', 'toaster', 'web'])).toMatchObject({ platforms: ['desktop', 'web'] });
    for (const odd of [undefined, 'web', [], ['toaster']]) expect(platformsOf(odd)).not.toHaveProperty('platforms');
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

  it('takes 5 to 20 digits for an id, and nothing around them', () => {
    const told = ['1234', '1'.repeat(21), ` ${ids[0]}`, `${ids[0]}\n`, '１２３４５６', '12345', '1'.repeat(20)];
    const { members } = read(told.map((id) => ({ id, username: 'a' })));
    expect(members.map(({ id }) => id)).toEqual(['12345', '1'.repeat(20)]);
  });

  it('cuts long names between letters, and keeps none of half a letter or NUL', () => {
    const { members } = read([
      { id: ids[0], username: 'ä'.repeat(10_000) },
      { id: ids[1], username: '😀'.repeat(500) },
      { id: ids[2], username: 'a\0b\ud800' },
    ]);
    expect(members.map(({ username }) => username)).toEqual(['ä'.repeat(100), '😀'.repeat(100), 'ab\ufffd']);
  });

  it.each([
    ['letters of two halves', '😀 Ólafur', '😀 Ólafur'],
    ['more than a hundred halves that are fewer letters', '😀'.repeat(60), '😀'.repeat(60)],
    ['a half in front of another letter', '\udc00x', '\ufffdx'],
    ['halves in the wrong order', 'x\udc00\ud800', 'x\ufffd\ufffd'],
    ['the first of two halves at its end', 'x\ud83d', 'x\ufffd'],
    ['a NUL between two halves', '\ud83d\0\ude00', '😀'],
    ['NUL alone', '\0\0', 'Unknown'],
    ['spaces around it', ' \n x y \t', 'x y'],
    ['a hundred spaces before it', `${' '.repeat(100)}x`, 'x'],
  ])('reads a name with %s', (_what, username, expected) => {
    expect(read([{ id: ids[0], username }]).members[0]).toMatchObject({ username: expected, displayName: expected });
  });

  it.each([
    ['https://cdn.example/a.webp', true],
    ['http://cdn.example', true],
    ['HTTPS://CDN.EXAMPLE/A', true],
    ['https:cdn.example', true],
    [' https://cdn.example', true],
    ['https://ä.example/ö', true],
    ['http://ß%ba', false],
    ['ﬀ', false],
    ['https://', false],
    ['https://a b', false],
    ['https', false],
    ['httpsx://cdn.example', false],
    ['ftp://cdn.example/https://', false],
    ['javascript:alert("https://x")', false],
    ['x'.repeat(10), false],
    [`https://cdn.example/${'x'.repeat(2_048)}`, false],
    [7, false],
  ])('takes the address %j: %j', (avatarUrl, taken) => {
    expect(read([{ id: ids[0], username: 'a', avatarUrl }]).members[0]?.avatarUrl).toBe(taken ? avatarUrl : null);
  });

  it('judges the address of the last of many members like that of the first', () => {
    const odd = ['https://ä.example/ö', 'http://ß%ba'];
    const usual = Array.from({ length: 30_000 }, (_, index) => `https://cdn.example/${index}.webp`);
    const avatars = [...odd, ...usual, ...odd];
    const members = avatars.map((avatarUrl, index) => ({ id: String(100_000 + index), username: 'a', avatarUrl }));
    const { snapshot } = readSnapshot({ guild: { id: guildId, name: 'Guild' }, members }, guildId, 100_000);
    const read = snapshot.members.map(({ avatarUrl }) => avatarUrl);
    expect(read).toEqual([odd[0], null, ...usual, odd[0], null]);
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

  it.each([
    ['bigint', 200000000000000001n, ids[0]],
    ['text with blanks', ` ${ids[0]}`, undefined],
    ['too short', '1234', undefined],
    ['too long', '1'.repeat(21), undefined],
  ])('takes an id for what it is: %s', (_what, id, expected) => {
    expect(read([{ id, username: 'a' }]).members.map((member) => member.id)).toEqual(expected ? [expected] : []);
  });

  it('takes one name for the other where one is missing', () => {
    const { members, repairs } = read([
      { id: ids[0], displayName: 'Ada' },
      { id: ids[1], username: 'bob', displayName: ' ' },
      { id: ids[2], username: '\0', displayName: 7 },
    ]);
    expect(members.map(({ username, displayName }) => [username, displayName])).toEqual([
      ['Ada', 'Ada'],
      ['bob', 'bob'],
      ['Unknown', 'Unknown'],
    ]);
    expect(repairs).toEqual({ username: 1 });
  });

  it.each([
    ['roles', { roleIds: Array.from({ length: 400 }, (_, n) => String(10_000 + n)) }, 'roleIds', 250],
    ['activities', { activities: Array(40).fill({ type: 'playing', name: 'x' }) }, 'activities', 10],
  ] as const)('takes as many %s as make sense', (_what, fields, key, count) => {
    expect(read([{ id: ids[0], username: 'a', ...fields }]).members[0]?.[key]).toHaveLength(count);
  });

  it.each([1, 'true', {}, null])('takes nobody for a bot because of %j', (bot) => {
    expect(read([{ id: ids[0], username: 'a', bot }]).members[0]?.bot).toBe(false);
  });

  it.each([0x1000000, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '#12345', '#12345g', {}])(
    'takes %j for no colour',
    (roleColor) => {
      expect(read([{ id: ids[0], username: 'a', roleColor }])).toMatchObject({
        members: [{ roleColor: '#99aab5' }],
        repairs: { roleColor: 1 },
      });
    },
  );

  it.each([
    ['2024-05-01T10:00:00+02:00', '2024-05-01T08:00:00.000Z'],
    [1_714_550_400_000, '2024-05-01T08:00:00.000Z'],
    ['9999-12-31T00:00:00Z', '9999-12-31T00:00:00.000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['+010000-01-01T00:00:00Z', null],
    ['-000001-12-31T00:00:00Z', null],
    ['soon', null],
    [Number.NaN, null],
    [8.64e15, null],
    [true, null],
    [{}, null],
  ])('reads the time %j', (joinedAt, expected) => {
    expect(read([{ id: ids[0], username: 'a', joinedAt }]).members[0]?.joinedAt).toBe(expected);
  });

  it.each([
    ['https://cdn.example/a.png', true],
    ['http://cdn.example/a.png', true],
    [`https://cdn.example/${'a'.repeat(2_048)}`, false],
    ['data:text/html,x', false],
    ['//cdn.example/a.png', false],
    ['a.png', false],
    [5, false],
  ])('takes the address %j or leaves it', (url, taken) => {
    const { members, guild } = read([{ id: ids[0], username: 'a', avatarUrl: url }], {
      guild: { id: guildId, name: 'Guild', iconUrl: url },
    });
    expect([members[0]?.avatarUrl, guild.iconUrl]).toEqual(taken ? [url, url] : [null, null]);
  });

  it.each(['x', 7, {}, null, undefined])('takes %j for no voice channel', (voiceChannelId) => {
    expect(read([{ id: ids[0], username: 'a', voiceChannelId }]).members[0]?.voiceChannelId).toBeNull();
  });

  it('names as missing what is text alone', () => {
    expect(read([], { partial: ['roles', 5, null, { a: 1 }, 'presence'] }).partial).toEqual(['roles', 'presence']);
    expect(read([], { partial: 'roles' }).partial).toEqual([]);
  });

  it('keeps of the guild what makes sense, and says when its name is none', () => {
    const guild = { id: guildId, name: ' ', iconUrl: 5, secret: 'x' };
    const suggested = (fields: object) =>
      read([], { guild: { ...guild, name: 'Guild', suggested: fields } }).guild.suggested;
    expect(read([], { guild })).toMatchObject({
      guild: { id: guildId, name: 'Unknown', iconUrl: null },
      repairs: { 'name of the guild': 1 },
    });
    expect(Object.keys(read([], { guild }).guild)).toEqual(['id', 'name', 'iconUrl']);
    const good = { alias: '한국-1', default: false, door: 'password' };
    expect(suggested({ ...good, more: 1 })).toEqual(good);
    for (const alias of ['../x', 'a b', '-a', '', 'a'.repeat(33), 5]) expect(suggested({ alias })).toBeUndefined();
    for (const wish of [1, 'true', null]) expect(suggested({ default: wish })).toBeUndefined();
    for (const door of ['ajar', true, null]) expect(suggested({ door })).toBeUndefined();
    for (const none of ['x', 5, null]) expect(suggested(none as unknown as object)).toBeUndefined();
  });
});

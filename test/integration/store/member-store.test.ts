import { describe, expect, it, beforeEach } from 'vitest';
import { type Member, referenceOf } from '../../../src/domain/member.js';
import { mostStoredMembers } from '../../../src/store/member-store.js';
import { memberOf } from '../../support/events.js';
import { actor, guildId, StoreBench, town } from './store-bench.js';

const ada = memberOf('100000000000000001', {
  joinedAt: '2026-01-01T00:00:00.000Z',
  roleIds: ['300000000000000001', '300000000000000002'],
  avatarUrl: 'https://x.example/a.png',
  activities: [{ type: 'playing', name: 'Chess', state: 'e4' }],
  voiceChannelId: '400000000000000001',
  bot: true,
});
const bob = memberOf('100000000000000002');
const eve = memberOf('100000000000000003');

describe('MemberStore', () => {
  const bench = new StoreBench();

  /** Type and data of every event that waits, oldest first. */
  const told = () => bench.rows<{ type: string; data: unknown }>('select type, data from outbox order by id');
  const forgetTold = () => bench.rows('truncate outbox');
  const kept = async () => (await bench.silent.stored.snapshot(guildId))?.members;
  const count = async () => (await bench.silent.stored.guild(guildId)).memberCount;

  beforeEach(async () => {
    await bench.silent.guilds.create(guildId, town, actor);
    await forgetTold();
  });

  it('keeps every field of a member as it came, and tells that they joined', async () => {
    const { members, stored } = bench.silent;
    expect(await members.create(guildId, ada, actor)).toEqual(ada);
    expect(await stored.member(guildId, ada.id)).toEqual(ada);
    expect(await kept()).toEqual([ada]);
    expect(await told()).toEqual([{ type: 'member.joined', data: { member: ada, actor } }]);
    expect(await count()).toBe(1);
  });

  it('refuses a member that is there, and guilds and members that are not', async () => {
    const { members, stored } = bench.silent;
    await members.create(guildId, ada, actor);
    await forgetTold();
    const nowhere = '910000000000000009';
    const refusals: [() => Promise<unknown>, string][] = [
      [() => members.create(guildId, { ...ada, username: 'x' }, actor), 'request.conflict'],
      [() => members.create(nowhere, ada, actor), 'guild.not_found'],
      [() => members.put(nowhere, [ada], actor), 'guild.not_found'],
      [() => members.patch(nowhere, ada.id, {}, actor), 'guild.not_found'],
      [() => members.remove(nowhere, ada.id, actor), 'guild.not_found'],
      [() => members.patch(guildId, bob.id, { status: 'idle' }, actor), 'member.not_found'],
      [() => members.remove(guildId, bob.id, actor), 'member.not_found'],
      [() => stored.member(guildId, bob.id), 'member.not_found'],
      [() => stored.member(nowhere, ada.id), 'guild.not_found'],
      [() => stored.members(nowhere, { limit: 1 }), 'guild.not_found'],
    ];
    for (const [refusal, code] of refusals) await expect(refusal()).rejects.toMatchObject({ code });
    expect(await told()).toEqual([]);
    expect(await kept()).toEqual([ada]);
  });

  it.each<[string, Partial<Member>, string, object]>([
    ['a name', { displayName: 'Al' }, 'member.updated', { previous: { displayName: ada.displayName } }],
    [
      'roles',
      { roleIds: [], roleColor: '#000000' },
      'member.updated',
      { previous: { roleIds: ada.roleIds, roleColor: ada.roleColor } },
    ],
    ['a picture', { avatarUrl: null }, 'member.updated', { previous: { avatarUrl: ada.avatarUrl } }],
    [
      'the voice channel',
      { voiceChannelId: null },
      'member.updated',
      { previous: { voiceChannelId: ada.voiceChannelId } },
    ],
    ['a date', { joinedAt: null }, 'member.updated', { previous: { joinedAt: ada.joinedAt } }],
    [
      'a status',
      { status: 'dnd' },
      'presence.updated',
      { status: 'dnd', previous: 'online', activities: ada.activities },
    ],
    ['activities', { activities: [] }, 'presence.updated', { status: 'online', previous: 'online', activities: [] }],
    [
      'a name and all of the presence',
      { username: 'al', status: 'idle', activities: [] },
      'member.updated',
      { previous: { username: ada.username, status: 'online', activities: ada.activities } },
    ],
    [
      'a name and a status',
      { bot: false, status: 'idle' },
      'member.updated',
      { previous: { bot: true, status: 'online' } },
    ],
  ])('tells %s that changed, with what it was, and keeps it', async (_what, patch, type, data) => {
    const { members } = bench.silent;
    await members.create(guildId, ada, actor);
    await forgetTold();
    const after = { ...ada, ...patch };
    expect(await members.patch(guildId, ada.id, patch, actor)).toEqual(after);
    const member = type === 'member.updated' ? after : referenceOf(after);
    expect(await told()).toEqual([{ type, data: { ...data, member, actor } }]);
    expect(await kept()).toEqual([after]);
  });

  it('tells nothing when nothing changes', async () => {
    const { members } = bench.silent;
    await members.create(guildId, ada, actor);
    await forgetTold();
    await members.patch(guildId, ada.id, { displayName: ada.displayName, activities: ada.activities }, actor);
    await members.patch(guildId, ada.id, {}, actor);
    expect(await members.put(guildId, [structuredClone(ada)], actor)).toEqual({ joined: 0, updated: 0, unchanged: 1 });
    expect(await members.put(guildId, [], actor)).toEqual({ joined: 0, updated: 0, unchanged: 0 });
    expect(await told()).toEqual([]);
  });

  it('puts many at once and counts what came of it', async () => {
    const { members } = bench.silent;
    expect(await members.put(guildId, [ada, bob], actor)).toEqual({ joined: 2, updated: 0, unchanged: 0 });
    await forgetTold();
    const changed: Member = { ...bob, status: 'idle' };
    expect(await members.put(guildId, [eve, changed, ada], actor)).toEqual({ joined: 1, updated: 1, unchanged: 1 });
    expect(await told()).toMatchObject([
      { type: 'member.joined', data: { member: eve } },
      { type: 'presence.updated', data: { status: 'idle', previous: 'online' } },
    ]);
    expect(await kept()).toEqual(expect.arrayContaining([ada, changed, eve]));
    expect(await count()).toBe(3);
  });

  it('lets a member go, and tells who it was', async () => {
    const { members } = bench.silent;
    await members.put(guildId, [ada, bob], actor);
    await forgetTold();
    await members.remove(guildId, ada.id, actor);
    expect(await told()).toEqual([{ type: 'member.left', data: { member: referenceOf(ada), actor } }]);
    expect(await kept()).toEqual([bob]);
    expect(await count()).toBe(1);
  });

  it('stores all or nothing, and tells nothing of what was rolled back', async () => {
    const { members } = bench.silent;
    await members.create(guildId, ada, actor);
    await forgetTold();
    // What the doors let through is checked by the table once more.
    const broken = { ...eve, status: 'asleep' as Member['status'] };
    await expect(members.put(guildId, [bob, broken, { ...ada, username: 'al' }], actor)).rejects.toThrow('check');
    expect(await told()).toEqual([]);
    expect(await kept()).toEqual([ada]);
    expect(await count()).toBe(1);
    expect(await members.put(guildId, [bob], actor)).toMatchObject({ joined: 1 });
  });

  it('stores nothing that cannot be told', async () => {
    const { members, guilds } = bench.silent;
    await bench.rows('alter table outbox rename to elsewhere');
    try {
      await expect(members.create(guildId, ada, actor)).rejects.toThrow('outbox');
      await expect(guilds.remove(guildId, actor)).rejects.toThrow('outbox');
    } finally {
      await bench.rows('alter table elsewhere rename to outbox');
    }
    expect(await kept()).toEqual([]);
    expect(await count()).toBe(0);
  });

  it('has room for a bounded number of members', async () => {
    const { members } = bench.silent;
    await bench.rows('update stored_guilds set member_count = $1', [mostStoredMembers - 1]);
    await expect(members.put(guildId, [ada, bob], actor)).rejects.toMatchObject({ code: 'request.conflict' });
    await members.create(guildId, ada, actor);
    await expect(members.create(guildId, bob, actor)).rejects.toMatchObject({ code: 'request.conflict' });
    expect(await members.put(guildId, [{ ...ada, status: 'dnd' }], actor)).toMatchObject({ updated: 1 });
    expect(await bench.waiting()).toEqual(['member.joined', 'presence.updated']);
  });

  it('pages through members by the age of their ids', async () => {
    const { members, stored } = bench.silent;
    const ids = ['12345', '99999999999999999', '100000000000000000', '910000000000000001'];
    await members.put(
      guildId,
      [...ids].reverse().map((id) => memberOf(id)),
      actor,
    );
    const page = async (limit: number, after?: string) => {
      const { members: found, total } = await stored.members(guildId, { limit, after });
      return { ids: found.map(({ id }) => id), total };
    };
    expect(await page(3)).toEqual({ ids: ids.slice(0, 3), total: 4 });
    expect(await page(3, ids[1])).toEqual({ ids: ids.slice(2), total: 4 });
    expect(await page(3, ids[3])).toEqual({ ids: [], total: 4 });
  });
});

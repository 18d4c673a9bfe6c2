import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NewDomainEvent } from '../../../src/domain/events/index.js';
import { type Member } from '../../../src/domain/member.js';
import { joinOf, leaveOf, memberOf, messageOf, presenceOf } from '../../support/events.js';
import { guildId, ShownBench } from './shown-bench.js';

const role = '300000000000000001';
const ada = memberOf('200000000000000001', { username: 'ada', displayName: 'Countess' });
const bob = memberOf('200000000000000002', { status: 'offline' });
const robot = memberOf('200000000000000003', { bot: true });
const eve = memberOf('200000000000000004', { roleIds: [role] });
const zoe = memberOf('200000000000000009');

const updateOf = (member: Member): NewDomainEvent => ({
  type: 'member.updated',
  guildId,
  data: { member, previous: {} },
});

let bench: ShownBench;
beforeEach(() => {
  bench = new ShownBench([ada, bob, robot, eve]);
});
afterEach(() => bench.end());

describe('an open room, when it is decided anew who is shown', () => {
  beforeEach(() => bench.open());

  it.each([
    ['offline members', { hideOffline: true }, bob],
    ['bots', { hideBots: true }, robot],
    ['a user', { ignoredUsers: [ada.id] }, ada],
    ['a role', { ignoredRoles: [role] }, eve],
  ] as const)('loses %s, and gets them back as they are by then', async (_, patch, member) => {
    bench.filters.decide(guildId, patch as never);
    expect(bench.heard()).toEqual([`member.left ${member.id}`]);
    expect(await bench.shownIds()).toEqual([ada, bob, robot, eve].filter((one) => one !== member).map(({ id }) => id));
    await bench.say(updateOf({ ...member, displayName: 'Renamed meanwhile' }));
    expect(bench.heard()).toEqual([]);
    bench.filters.decide(guildId, { hideOffline: false, hideBots: false, ignoredUsers: [], ignoredRoles: [] });
    expect(bench.told).toMatchObject([
      { type: 'member.joined', data: { member: { id: member.id, displayName: 'Renamed meanwhile' } } },
    ]);
    expect(await bench.shown()).toEqual([...bench.truth.members.values()]);
  });

  it('hears nothing where the same is decided again', () => {
    bench.filters.decide(guildId, { hideBots: true });
    bench.heard();
    bench.filters.decide(guildId, { hideBots: true });
    bench.filters.decide(guildId, { alias: 'other' });
    bench.filters.decide('100000000000000002', { hideOffline: true });
    expect(bench.heard()).toEqual([]);
  });

  it('keeps those shown who have one reason less to be hidden than they need', async () => {
    bench.filters.decide(guildId, { hideBots: true, ignoredUsers: [robot.id] });
    bench.heard();
    bench.filters.decide(guildId, { hideBots: false });
    expect(bench.heard()).toEqual([]);
    bench.filters.hide(guildId, robot.id);
    bench.filters.decide(guildId, { ignoredUsers: [] });
    expect(bench.heard()).toEqual([]);
    bench.filters.hide(guildId);
    expect(bench.heard()).toEqual([`member.joined ${robot.id}`]);
    expect(await bench.shownIds()).toContain(robot.id);
  });

  it('loses who hides everywhere, like who hides here', () => {
    bench.filters.hide(null, ada.id);
    expect(bench.heard()).toEqual([`member.left ${ada.id}`]);
    bench.filters.hide(guildId, ada.id);
    bench.filters.hide(null);
    expect(bench.heard()).toEqual([]);
  });
});

describe('what happens in a room with a filter', () => {
  beforeEach(async () => {
    bench.filters.decide(guildId, { hideOffline: true, ignoredRoles: [role] });
    await bench.open();
  });

  it('shows the others from the start', async () => {
    expect(await bench.shownIds()).toEqual([ada.id, robot.id]);
    expect((await bench.open()).memberCount).toBe(2);
  });

  it.each<[string, NewDomainEvent[], string[]]>([
    ['goes offline', [presenceOf(guildId, ada, 'offline')], [`member.left ${ada.id}`]],
    ['goes idle', [presenceOf(guildId, ada, 'idle')], [`presence.updated ${ada.id}`]],
    ['comes online', [presenceOf(guildId, bob, 'online')], [`member.joined ${bob.id}`]],
    [
      'comes online with an ignored role',
      [presenceOf(guildId, eve, 'offline'), presenceOf(guildId, eve, 'online')],
      [],
    ],
    ['gets an ignored role', [updateOf({ ...ada, roleIds: [role] })], [`member.left ${ada.id}`]],
    ['gets another role', [updateOf({ ...ada, roleIds: ['300000000000000002'] })], [`member.updated ${ada.id}`]],
    ['loses the ignored role', [updateOf({ ...eve, roleIds: [] })], [`member.joined ${eve.id}`]],
    [
      'loses the ignored role while offline, then comes online',
      [
        presenceOf(guildId, eve, 'offline'),
        updateOf({ ...eve, status: 'offline', roleIds: [] }),
        presenceOf(guildId, eve, 'dnd'),
      ],
      [`member.joined ${eve.id}`],
    ],
    ['joins shown', [joinOf(guildId, zoe)], [`member.joined ${zoe.id}`]],
    ['joins offline', [joinOf(guildId, { ...zoe, status: 'offline' })], []],
    ['joins with the role', [joinOf(guildId, { ...zoe, roleIds: [role] })], []],
    ['joins again, hidden by now', [joinOf(guildId, { ...ada, status: 'offline' })], [`member.left ${ada.id}`]],
    ['leaves shown', [leaveOf(guildId, ada)], [`member.left ${ada.id}`]],
    ['leaves hidden', [leaveOf(guildId, bob)], []],
    ['is introduced', [updateOf(zoe)], [`member.updated ${zoe.id}`]],
    [
      'is introduced hidden and comes online',
      [updateOf({ ...zoe, status: 'offline' }), presenceOf(guildId, zoe, 'online')],
      [`member.joined ${zoe.id}`],
    ],
    ['was never seen before', [presenceOf(guildId, zoe, 'online')], []],
    ['writes', [messageOf(guildId, ada, 'hello')], [`message.created ${ada.id}`]],
    ['writes, hidden', [messageOf(guildId, eve, 'hello')], []],
    ['writes, not known as a member', [messageOf(guildId, zoe, 'hello')], []],
  ])('a member who %s', async (_, events, heard) => {
    for (const event of events) await bench.say(event);
    expect(bench.heard()).toEqual(heard);
  });

  it('brings a member as a whole who comes online', async () => {
    await bench.say(updateOf({ ...bob, avatarUrl: 'https://cdn.example/bob.png' }));
    await bench.say(presenceOf(guildId, bob, 'dnd'));
    expect(bench.told).toMatchObject([
      { type: 'member.joined', data: { member: { ...bob, avatarUrl: 'https://cdn.example/bob.png', status: 'dnd' } } },
    ]);
  });

  it('shows nothing of a type that nobody decided about', async () => {
    const strange = { type: 'member.painted', guildId, data: { member: ada } } as unknown as NewDomainEvent;
    const { cursor } = await bench.place();
    expect((await bench.log.append(strange)).cursor).toBe(cursor);
    expect(bench.heard()).toEqual([]);
  });

  it('passes on what is of the guild itself, without the name of a hidden actor', async () => {
    const removal = (actor: string): NewDomainEvent => ({
      type: 'guild.updated',
      guildId,
      data: { guild: { name: 'Town', iconUrl: null }, actor },
    });
    for (const actor of [`user:${bob.id}`, `user:${ada.id}`, 'key:123456789012']) await bench.say(removal(actor));
    expect(bench.told.map(({ data }) => (data as { actor?: string }).actor)).toEqual([
      undefined,
      `user:${ada.id}`,
      'key:123456789012',
    ]);
  });

  it('compares its source with all members, so that nobody joins who is hidden', async () => {
    const room = await bench.open();
    const members = [ada, bob, robot, { ...eve, displayName: 'Eve II' }];
    const guild = { id: guildId, name: 'Town', iconUrl: null };
    const answer = { guild, members, partial: [], source: 'changing', asOf: '2026-01-01T00:00:00.000Z', stale: false };
    const events = room.differencesTo(answer);
    expect(events).toMatchObject([{ type: 'member.updated', data: { member: { id: eve.id } } }]);
    for (const event of events) await bench.log.append(event);
    expect(bench.heard()).toEqual([]);
  });
});

it('takes somebody of whom nothing is known where ids alone are held against members', async () => {
  bench.filters.hide(guildId, ada.id);
  await bench.open();
  await bench.say(presenceOf(guildId, zoe, 'online'));
  expect(bench.heard()).toEqual([`presence.updated ${zoe.id}`]);
});

describe('history', () => {
  const history = async (cursor: string) => bench.log.since(guildId, cursor);

  it('forgets who hides, with their leave, and goes on for those who stand at its end', async () => {
    await bench.open();
    const start = await bench.place();
    await bench.say(messageOf(guildId, ada, 'secret'));
    await bench.say(messageOf(guildId, bob, 'open'));
    const before = await bench.place();
    bench.filters.hide(guildId, ada.id);
    const after = await bench.place();
    expect(after.offset).toBe(before.offset + 1);
    expect(await history(start.cursor)).toBeUndefined();
    expect(await history(before.cursor)).toBeUndefined();
    expect(await history(after.cursor)).toEqual([]);
    await bench.say(messageOf(guildId, ada, 'more'));
    await bench.say(messageOf(guildId, bob, 'next'));
    expect(await history(after.cursor)).toMatchObject([{ data: { content: 'next' } }]);
    expect((await bench.place()).offset).toBe(after.offset + 1);
  });

  it('does not lead into the room of a guild in which something happened that nobody could judge', async () => {
    bench.filters.decide(guildId, { hideBots: true });
    const start = await bench.place();
    await bench.say(messageOf(guildId, ada, 'unheard'));
    await bench.say(joinOf(guildId, zoe));
    expect((await bench.place()).cursor).toBe(start.cursor);
    expect(await bench.shownIds()).toEqual([ada.id, bob.id, eve.id, zoe.id]);
    expect(await history(start.cursor)).toBeUndefined();
    const opened = await bench.place();
    await bench.say(messageOf(guildId, ada, 'heard'));
    expect(await history(opened.cursor)).toMatchObject([{ data: { content: 'heard' } }]);
  });

  it('does not lead from a room with a filter into a later one without', async () => {
    bench.filters.decide(guildId, { hideBots: true });
    await bench.open();
    const { cursor } = await bench.place();
    bench.rooms.close(guildId);
    bench.filters.decide(guildId, { hideBots: false });
    expect(await bench.shownIds()).toContain(robot.id);
    expect(await history(cursor)).toBeUndefined();
  });

  it('stays as it is in a guild without a filter', async () => {
    await bench.open();
    const { cursor } = await bench.place();
    await bench.say(messageOf(guildId, ada, 'one'));
    bench.rooms.close(guildId);
    await bench.say(messageOf(guildId, robot, 'two'));
    await bench.open();
    expect(await history(cursor)).toMatchObject([{ data: { content: 'one' } }, { data: { content: 'two' } }]);
  });
});

describe('a room that is being opened', () => {
  it('takes in what happens meanwhile, shown or not', async () => {
    bench.filters.decide(guildId, { hideOffline: true });
    bench.source.beforeAnswer = async () => {
      bench.source.beforeAnswer = undefined;
      await bench.say(presenceOf(guildId, bob, 'online'));
      await bench.say(presenceOf(guildId, ada, 'offline'));
      await bench.say(joinOf(guildId, zoe));
    };
    expect(await bench.shownIds()).toEqual([bob.id, robot.id, eve.id, zoe.id]);
    expect(bench.heard()).toEqual([]);
    await bench.say(presenceOf(guildId, ada, 'idle'));
    expect(bench.heard()).toEqual([`member.joined ${ada.id}`]);
  });

  it('follows a decision that comes meanwhile', async () => {
    const { cursor } = await bench.place();
    bench.source.beforeAnswer = async () => {
      bench.source.beforeAnswer = undefined;
      await bench.say(messageOf(guildId, ada, 'secret'));
      bench.filters.hide(guildId, ada.id);
      await bench.say(joinOf(guildId, zoe));
    };
    expect(await bench.shownIds()).toEqual([bob.id, robot.id, eve.id, zoe.id]);
    expect(await bench.log.since(guildId, cursor)).toBeUndefined();
    const room = await bench.open();
    expect(room.cursor).toBe((await bench.place()).cursor);
  });

  it('follows a decision that is taken back meanwhile', async () => {
    bench.filters.hide(guildId, ada.id);
    const { cursor } = await bench.place();
    bench.source.beforeAnswer = async () => {
      bench.source.beforeAnswer = undefined;
      await bench.say(joinOf(guildId, zoe));
      bench.filters.hide(guildId);
    };
    expect(await bench.shownIds()).toEqual([ada.id, bob.id, robot.id, eve.id, zoe.id]);
    expect(await bench.log.since(guildId, cursor)).toBeUndefined();
  });
});

describe('presences that are held back', () => {
  it('come before a decision takes effect, and are known to it', async () => {
    bench = new ShownBench([ada, bob], { presenceWindow: 60_000 });
    await bench.open();
    void bench.say(presenceOf(guildId, ada, 'offline'));
    expect(bench.heard()).toEqual([]);
    bench.filters.decide(guildId, { hideOffline: true });
    expect(bench.heard()).toEqual([`presence.updated ${ada.id}`, `member.left ${ada.id}`, `member.left ${bob.id}`]);
    void bench.say(presenceOf(guildId, { ...ada, status: 'offline' }, 'online'));
    expect(bench.heard()).toEqual([`member.joined ${ada.id}`]);
  });
});

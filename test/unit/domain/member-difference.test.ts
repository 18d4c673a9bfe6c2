import { describe, expect, it } from 'vitest';
import { applyEvent, type GuildState } from '../../../src/domain/guild-state.js';
import { differences, formerFields, presenceDiffers } from '../../../src/domain/member-difference.js';
import { type Member, referenceOf } from '../../../src/domain/member.js';
import { type Activity } from '../../../src/domain/presence.js';
import { type SourceSnapshot } from '../../../src/domain/source-snapshot.js';
import { memberOf } from '../../support/events.js';

const guildId = '100000000000000001';
const chess: Activity = { type: 'playing', name: 'chess', state: 'opening', details: 'white' };
const ada = memberOf('200000000000000001', { roleIds: ['300000000000000001'], activities: [chess] });
const bob = memberOf('200000000000000002');

function shown(...members: Member[]): GuildState {
  const known = new Map(members.map((one) => [one.id, one]));
  return { name: 'Guild', iconUrl: null, members: known, channels: new Map(), available: true };
}

function told(members: Member[], guild: Partial<SourceSnapshot['guild']> = {}): SourceSnapshot {
  return { guild: { id: guildId, name: 'Guild', iconUrl: null, ...guild }, members, partial: [] };
}

/** Whatever the events are, they have to lead from one to the other. */
function lead(before: GuildState, after: SourceSnapshot): ReturnType<typeof differences> {
  const events = differences(before, after);
  for (const event of events) applyEvent(before, event);
  const { name, iconUrl } = after.guild;
  const members = new Map(after.members.map((one) => [one.id, one]));
  // Who says nothing of channels leaves them as they are.
  const channels = after.channels ? new Map(after.channels.map((one) => [one.id, one])) : before.channels;
  expect(before).toEqual({ name, iconUrl, members, channels, available: true });
  expect(differences(before, after)).toEqual([]);
  return events;
}

describe('what leads from one state of a guild to the next', () => {
  it('is nothing between two that are the same, in whatever objects they are', () => {
    expect(differences(shown(ada, bob), structuredClone(told([bob, ada])))).toEqual([]);
  });

  const fields: Partial<Member>[] = [
    { username: 'ada2' },
    { displayName: 'Lady Ada' },
    { avatarUrl: 'https://cdn.example/a.png' },
    { bot: true },
    { roleColor: '#ff0000' },
    { roleIds: ['300000000000000002'] },
    { roleIds: ['300000000000000001', '300000000000000002'] },
    { roleIds: [] },
    { voiceChannelId: '400000000000000001' },
    { joinedAt: '2026-01-01T00:00:00.000Z' },
  ];

  it('covers every field of a member', () => {
    const presence = ['id', 'status', 'activities'];
    expect(new Set([...fields.flatMap(Object.keys), ...presence])).toEqual(new Set(Object.keys(ada)));
  });

  it.each(fields)('is an update with the former value when %j is new, and another when it is gone', (change) => {
    const changed = { ...ada, ...change };
    const former = Object.fromEntries(Object.keys(change).map((key) => [key, ada[key as keyof Member]]));
    const update = { type: 'member.updated', guildId, data: { member: changed, previous: former } };
    expect(lead(shown(ada, bob), told([changed, bob]))).toEqual([update]);
    const back = { type: 'member.updated', guildId, data: { member: ada, previous: change } };
    expect(lead(shown(changed, bob), told([ada, bob]))).toEqual([back]);
    expect(presenceDiffers(ada, changed)).toBe(false);
  });

  it.each<Partial<Member>>([
    { status: 'dnd' },
    { activities: [] },
    { activities: [chess, chess] },
    { activities: [{ ...chess, type: 'watching' }] },
    { activities: [{ ...chess, name: 'go' }] },
    { activities: [{ ...chess, state: 'endgame' }] },
    { activities: [{ ...chess, details: 'black' }] },
    { activities: [{ type: 'playing', name: 'chess' }] },
    { platforms: ['mobile'] },
    { status: 'dnd', platforms: ['desktop', 'web'] },
  ])('is a presence with the former status when it is %j', (change) => {
    const changed = { ...ada, ...change };
    const { status, activities, platforms } = changed;
    const data = { member: referenceOf(ada), status, previous: ada.status, activities, platforms };
    expect(lead(shown(ada), told([changed]))).toEqual([{ type: 'presence.updated', guildId, data }]);
    expect(lead(shown(changed), told([ada]))).toHaveLength(1);
    expect(formerFields(ada, changed)).toBeUndefined();
  });

  it('is both when both differ, the update first', () => {
    const events = lead(shown(ada), told([{ ...ada, username: 'x', status: 'idle' }]));
    expect(events.map(({ type }) => type)).toEqual(['member.updated', 'presence.updated']);
  });

  it('is who came and who left', () => {
    expect(lead(shown(ada), told([bob]))).toEqual([
      { type: 'member.joined', guildId, data: { member: bob } },
      { type: 'member.left', guildId, data: { member: referenceOf(ada) } },
    ]);
    expect(lead(shown(ada, bob), told([]))).toHaveLength(2);
  });

  it.each([{ name: 'Town' }, { iconUrl: 'https://cdn.example/i.png' }])('is the guild itself: %j', (change) => {
    const data = { guild: { name: 'Guild', iconUrl: null, ...change } };
    expect(lead(shown(ada), told([ada], change))).toEqual([{ type: 'guild.updated', guildId, data }]);
  });

  it('is its channels, where the source tells of them', () => {
    const general = { id: '300000000000000001', name: 'general', kind: 'text' as const };
    const before = { ...shown(ada), channels: new Map([[general.id, general]]) };
    expect(lead(before, told([ada]))).toEqual([]);
    expect(lead(before, { ...told([ada]), channels: [] })).toEqual([
      { type: 'channel.deleted', guildId, data: { channel: general } },
    ]);
    expect(lead(before, { ...told([ada]), channels: [general] })).toHaveLength(1);
  });

  it('says that a guild is back, also one that is as it was', () => {
    const events = lead({ ...shown(ada), available: false }, told([ada]));
    expect(events).toEqual([{ type: 'guild.updated', guildId, data: { guild: { name: 'Guild', iconUrl: null } } }]);
  });
});

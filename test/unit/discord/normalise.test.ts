import { ActivityType } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { formerFields, presenceDiffers } from '../../../src/domain/member-difference.js';
import { activityOf, platformsOf, roleColorOf, statusOf } from '../../../src/discord/normalise.js';
import { type Member } from '../../../src/domain/member.js';

const ada: Member = {
  id: '100000000000000001',
  username: 'ada',
  displayName: 'Ada',
  avatarUrl: null,
  bot: false,
  roleColor: '#ff0000',
  roleIds: ['100000000000000002'],
  status: 'online',
  activities: [{ type: 'playing', name: 'Chess' }],
  voiceChannelId: null,
  joinedAt: null,
};

describe('statusOf', () => {
  it.each([
    ['online', 'online'],
    ['idle', 'idle'],
    ['dnd', 'dnd'],
    ['offline', 'offline'],
    ['invisible', 'offline'],
    [undefined, 'offline'],
  ])('takes %s for %s', (told, status) => {
    expect(statusOf(told)).toBe(status);
  });
});

describe('activityOf', () => {
  it('keeps what there is', () => {
    expect(activityOf({ type: ActivityType.Listening, name: 'Spotify', state: 'Bach', details: null })).toEqual({
      type: 'listening',
      name: 'Spotify',
      state: 'Bach',
    });
  });

  it('leaves out kinds it does not know', () => {
    expect(activityOf({ type: 99 as ActivityType, name: 'new', state: null, details: null })).toBeUndefined();
  });
});

describe('formerFields', () => {
  it('tells the former values of what changed, and of nothing else', () => {
    const after: Member = { ...ada, displayName: 'Countess', roleIds: [], status: 'dnd' };
    expect(formerFields(ada, after)).toEqual({ displayName: 'Ada', roleIds: ['100000000000000002'] });
  });

  it('is undefined when nothing but the presence changed', () => {
    expect(formerFields(ada, { ...ada, roleIds: [...ada.roleIds], status: 'idle', activities: [] })).toBeUndefined();
  });
});

describe('platformsOf', () => {
  it('names where somebody is signed in, in one order, unless they hide', () => {
    const clientStatus = { web: 'idle', desktop: 'online', mobile: undefined } as const;
    expect(platformsOf({ status: 'online', clientStatus })).toEqual(['desktop', 'web']);
    expect(platformsOf({ status: 'offline', clientStatus })).toBeUndefined();
    expect(platformsOf({ status: 'online', clientStatus: null })).toBeUndefined();
    expect(platformsOf(null)).toBeUndefined();
  });
});

describe('presenceDiffers', () => {
  it('looks at the status and at the activities by value', () => {
    expect(presenceDiffers(ada, { ...ada, activities: [{ type: 'playing', name: 'Chess' }], displayName: 'x' })).toBe(
      false,
    );
    expect(presenceDiffers(ada, { ...ada, status: 'idle' })).toBe(true);
    expect(presenceDiffers(ada, { ...ada, activities: [] })).toBe(true);
  });
});

describe('roleColorOf', () => {
  const role = (id: string, position: number, color: number) => ({ id: `10000000000000000${id}`, position, color });

  it.each([
    ['nobody has one', [role('1', 3, 0)], '#99aab5'],
    ['there is no role', [], '#99aab5'],
    ['the highest has none', [role('1', 1, 0x00ff), role('2', 2, 0xab), role('3', 9, 0)], '#0000ab'],
    ['the highest comes first', [role('2', 7, 0xffffff), role('1', 1, 0xff0000)], '#ffffff'],
    ['two are in the same position: the older wins', [role('5', 4, 0x050505), role('3', 4, 0x030303)], '#030303'],
    ['the older one comes first', [role('3', 4, 0x030303), role('5', 4, 0x050505)], '#030303'],
  ])('%s', (_what, roles, color) => {
    expect(roleColorOf(roles)).toBe(color);
  });
});

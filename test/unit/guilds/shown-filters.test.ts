import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type GuildSettingsPatch } from '../../../src/guilds/guild-settings.js';
import { FiltersInMemory } from '../gateway/filters-in-memory.js';

const guild = '100000000000000001';
const [ada, bob] = ['200000000000000001', '200000000000000002'];

/** Something of everything, so that no change of one thing makes the filter go away. */
const busy: GuildSettingsPatch = {
  hideOffline: true,
  hideBots: true,
  ignoredUsers: [ada],
  ignoredRoles: ['300000000000000001'],
  messages: false,
  channels: ['400000000000000001'],
};

describe('the filter of a guild', () => {
  let filters: FiltersInMemory;
  let changed: ReturnType<typeof vi.fn<() => void>>;
  beforeEach(() => {
    filters = FiltersInMemory.make();
    filters.decide(guild, busy);
    changed = vi.fn();
    filters.onChange(changed);
  });

  it.each<[string, GuildSettingsPatch, object]>([
    ['offline members', { hideOffline: false }, { hideOffline: false }],
    ['bots', { hideBots: false }, { hideBots: false }],
    ['one user more', { ignoredUsers: [ada, bob] }, { ignoredUsers: new Set([ada, bob]) }],
    ['another user', { ignoredUsers: [bob] }, { ignoredUsers: new Set([bob]) }],
    ['no role', { ignoredRoles: [] }, { ignoredRoles: new Set() }],
    ['messages', { messages: true }, { messages: true }],
    ['another channel', { channels: ['400000000000000002'] }, { channels: new Set(['400000000000000002']) }],
    ['every open channel', { channels: null }, { channels: null }],
  ])('changes with %s alone', (_, patch, expected) => {
    const before = filters.of(guild);
    filters.decide(guild, patch);
    expect(filters.of(guild)).toEqual({ ...before, ...expected });
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it('stays the same object while nothing changes, whatever is read again', () => {
    const before = filters.of(guild);
    filters.decide(guild, busy);
    filters.decide('100000000000000002', { alias: 'other' });
    filters.hide(null);
    expect(filters.of(guild)).toBe(before);
    expect(changed).not.toHaveBeenCalled();
  });

  it('goes when there is nothing left to hide', () => {
    const nothing = { hideOffline: false, hideBots: false, ignoredUsers: [], ignoredRoles: [] };
    filters.decide(guild, { ...nothing, messages: true, channels: null });
    expect(filters.of(guild)).toBeUndefined();
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it('has those who hide here and everywhere, and other guilds only the latter', () => {
    filters.hide(guild, ada);
    filters.hide(null, bob);
    expect(filters.of(guild)?.hidden).toEqual(new Set([ada, bob]));
    expect(filters.of('100000000000000002')?.hidden).toEqual(new Set([bob]));
    filters.hide(guild);
    expect(filters.of(guild)?.hidden).toEqual(new Set([bob]));
    filters.hide(null);
    expect(filters.of('100000000000000002')).toBeUndefined();
    expect(changed).toHaveBeenCalledTimes(4);
  });
});

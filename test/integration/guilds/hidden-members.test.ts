import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { GuildSettingsStore } from '../../../src/guilds/guild-settings.js';
import { HiddenMembers } from '../../../src/guilds/hidden-members.js';
import { ShownFilters } from '../../../src/guilds/shown-filters.js';
import { DatabaseProxy } from '../database/database-proxy.js';
import { guildsBench } from './guilds-bench.js';

const guild = '100000000000000001';
const other = '100000000000000002';
const ada = '200000000000000001';
const bob = '200000000000000002';
const outlast = { timeout: 20_000 };
/** Less than the pause between two looks without a reason. */
const whenTold = { timeout: 12_000 };

describe('members who hide', () => {
  const bench = guildsBench();
  const open = (url?: string) => bench.open(HiddenMembers, url);
  const rows = () =>
    bench.modules[0]!.get(DataSource).query<{ guild: string | null; id: string; actor: string | null }[]>(
      'select guild_id as guild, user_id as id, actor from hidden_members order by guild_id, user_id',
    );
  const here = (store: HiddenMembers, guildId = guild) => [...(store.present.inGuild.get(guildId) ?? [])].sort();

  it('are nobody at first', async () => {
    const store = await open();
    expect(store.present).toEqual({ everywhere: new Set(), inGuild: new Map() });
  });

  it('hide in one guild or everywhere, once, and show themselves again', async () => {
    const store = await open();
    await store.hide(guild, ada, 'key:0123456789ab');
    await store.hide(guild, ada);
    await store.hide(guild, bob);
    await store.hide(null, bob);
    await store.hide(null, bob);
    expect(here(store)).toEqual([ada, bob]);
    expect(here(store, other)).toEqual([]);
    expect([...store.present.everywhere]).toEqual([bob]);
    expect(await rows()).toEqual([
      { guild, id: ada, actor: 'key:0123456789ab' },
      { guild, id: bob, actor: null },
      { guild: null, id: bob, actor: null },
    ]);
    await store.show(guild, bob);
    await store.show(other, ada);
    expect({ here: here(store), everywhere: [...store.present.everywhere] }).toEqual({
      here: [ada],
      everywhere: [bob],
    });
    await store.show(null, bob);
    await store.show(null, bob);
    await store.show(guild, ada);
    expect(await rows()).toEqual([]);
    expect(store.present).toEqual({ everywhere: new Set(), inGuild: new Map() });
  });

  it.each([
    ['guild', 'lobby', ada],
    ['guild', '', ada],
    ['userId', guild, 'ada'],
    ['userId', null, `${ada}' or true`],
  ])('are refused with the place of the fault: %s', async (path, guildId, userId) => {
    const store = await open();
    for (const act of ['hide', 'show'] as const) {
      await expect(store[act](guildId, userId)).rejects.toMatchObject({
        code: 'request.invalid',
        details: { errors: [{ path }] },
      });
    }
    expect(await rows()).toEqual([]);
  });

  it('are seen to hide by another process, which the database tells', async () => {
    const [there, store] = [await open(), await open()];
    const filters = bench.modules[1]!.get(ShownFilters);
    const changed = vi.fn();
    filters.onChange(changed);
    await there.hide(guild, ada);
    await vi.waitFor(() => expect(here(store)).toEqual([ada]), whenTold);
    expect(changed).toHaveBeenCalledTimes(1);
    expect(filters.of(guild)?.hidden.has(ada)).toBe(true);
    await there.show(guild, ada);
    await vi.waitFor(() => expect(filters.of(guild)).toBeUndefined(), whenTold);
  });

  it('stay hidden while the database is away; hiding is refused then', async () => {
    const proxy = await DatabaseProxy.start(bench.url);
    const store = await open(proxy.url);
    await store.hide(guild, ada);
    proxy.cut();
    await expect(store.hide(guild, bob)).rejects.toMatchObject({ code: 'service.unavailable' });
    await expect(store.show(guild, ada)).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(here(store)).toEqual([ada]);
    await proxy.heal();
    await vi.waitFor(() => store.hide(guild, bob), outlast);
    await vi.waitFor(() => expect(here(store)).toEqual([ada, bob]), outlast);
    proxy.stop();
  });
});

describe('what is shown of a guild', () => {
  const bench = guildsBench();
  const open = async () => {
    const filters = await bench.open(ShownFilters);
    const module = bench.modules.at(-1)!;
    return { filters, settings: module.get(GuildSettingsStore), hidden: module.get(HiddenMembers) };
  };

  it('is everything where nothing was decided, or nothing about that', async () => {
    const { filters, settings } = await open();
    await settings.save(guild, { alias: 'town', door: 'password', isDefault: true });
    await settings.save(guild, { hideBots: false, ignoredUsers: [], messages: true, channels: null });
    expect(filters.of(guild)).toBeUndefined();
  });

  it('is what settings and those who hide say together, and changes when one of them does', async () => {
    const { filters, settings, hidden } = await open();
    const changed = vi.fn();
    filters.onChange(changed);
    await settings.save(guild, {
      hideOffline: true,
      ignoredRoles: ['300000000000000001'],
      channels: ['400000000000000001'],
    });
    await hidden.hide(guild, ada);
    await hidden.hide(null, bob);
    expect(filters.of(guild)).toEqual({
      hidden: new Set([ada, bob]),
      hideOffline: true,
      hideBots: false,
      ignoredUsers: new Set(),
      ignoredRoles: new Set(['300000000000000001']),
      messages: true,
      channels: new Set(['400000000000000001']),
    });
    expect(filters.of(other)).toMatchObject({ hidden: new Set([bob]), hideOffline: false, channels: null });
    expect(changed).toHaveBeenCalledTimes(3);
    const before = [filters.of(guild), filters.of(other)];
    await settings.save(guild, { alias: 'town' });
    await settings.save(other, { door: 'password' });
    await hidden.hide(null, bob);
    expect([filters.of(guild), filters.of(other)].every((filter, index) => filter === before[index])).toBe(true);
    expect(changed).toHaveBeenCalledTimes(3);
  });

  it.each([
    ['an id that is none', { ignoredUsers: ['ada'] }],
    ['a number', { ignoredRoles: [1] }],
    ['no list', { ignoredRoles: 'all' }],
    ['a name', { channels: ['general'] }],
    ['nothing', { hideOffline: null }],
    ['a word', { messages: 'off' }],
    ['too many', { ignoredUsers: Array.from({ length: 1_001 }, (_, n) => String(10_000 + n)) }],
  ])('is not changed by what is not valid: %s', async (_, patch) => {
    const { filters, settings } = await open();
    await expect(settings.save(guild, patch as never)).rejects.toMatchObject({ code: 'request.invalid' });
    expect(filters.of(guild)).toBeUndefined();
  });

  it('names each id once, and survives a new start', async () => {
    const { settings } = await open();
    await settings.save(guild, { ignoredUsers: [ada, bob, ada], channels: [] });
    const again = await open();
    expect(again.filters.of(guild)).toMatchObject({ ignoredUsers: new Set([ada, bob]), channels: new Set() });
    expect(await again.settings.get(guild)).toMatchObject({ ignoredUsers: [ada, bob], channels: [] });
  });

  it('follows the table, whoever changes it', async () => {
    const { filters } = await open();
    const database = bench.modules[0]!.get(DataSource);
    await database.query(`insert into guild_settings (guild_id, hide_bots) values ('${guild}', true)`);
    await vi.waitFor(() => expect(filters.of(guild)).toMatchObject({ hideBots: true }), whenTold);
    await database.query(`truncate guild_settings`);
    await vi.waitFor(() => expect(filters.of(guild)).toBeUndefined(), whenTold);
  });
});

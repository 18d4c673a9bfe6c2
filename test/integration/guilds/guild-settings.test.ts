import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { GuildSettingsStore } from '../../../src/guilds/guild-settings.js';
import { GuildsModule } from '../../../src/guilds/guilds.module.js';
import { DatabaseProxy } from '../database/database-proxy.js';
import { guildsBench } from './guilds-bench.js';

const one = '100000000000000001';
const two = '100000000000000002';
const outlast = { timeout: 15_000 };

describe('GuildSettingsStore', () => {
  const bench = guildsBench();
  const open = (url?: string) => bench.open(GuildSettingsStore, url);

  it('knows nothing at first', async () => {
    const store = await open();
    expect(await store.all()).toEqual([]);
    expect(await store.get(one)).toBeUndefined();
  });

  it('saves what is given and keeps the rest', async () => {
    const store = await open();
    expect(await store.save(one, { alias: 'First', door: 'password' })).toMatchObject({
      guildId: one,
      enabled: true,
      alias: 'first',
      isDefault: false,
      door: 'password',
    });
    await store.save(one, { enabled: false });
    expect(await store.get(one)).toMatchObject({ enabled: false, alias: 'first', door: 'password' });
    await store.save(one, { alias: null, door: null });
    expect(await store.all()).toMatchObject([{ guildId: one, enabled: false, alias: null, door: null }]);
    expect(await store.save(one, {})).toMatchObject({ enabled: false, alias: null });
  });

  it('has one default guild at most', async () => {
    const store = await open();
    await store.save(one, { isDefault: true });
    await store.save(two, { isDefault: true });
    expect((await store.all()).filter(({ isDefault }) => isDefault).map(({ guildId }) => guildId)).toEqual([two]);
    await Promise.all([one, two, one, two].map((id) => store.save(id, { isDefault: true })));
    expect((await store.all()).filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  it('refuses an alias that another guild has in any case', async () => {
    const store = await open();
    await store.save(one, { alias: 'lobby' });
    await expect(store.save(two, { alias: 'LOBBY', isDefault: true })).rejects.toMatchObject({
      code: 'request.conflict',
    });
    expect(await store.get(two)).toBeUndefined();
    expect(await store.save(one, { alias: 'Lobby' })).toMatchObject({ alias: 'lobby' });
  });

  it.each([
    ['a wrong id', 'lobby', {}],
    ['an alias with spaces', one, { alias: 'my guild' }],
    ['the reserved alias', one, { alias: 'Default' }],
    ['an alias like an id', one, { alias: two }],
    ['an unknown door', one, { door: 'window' }],
    ['an unknown key', one, { colour: 'red' }],
    ['a value of the wrong kind', one, { enabled: 'yes' }],
  ])('refuses %s', async (_, id, patch) => {
    const store = await open();
    await expect(store.save(id, patch as never)).rejects.toMatchObject({ code: 'request.invalid' });
    expect(await store.all()).toEqual([]);
  });

  it('sees what another process saved, within seconds', async () => {
    const [here, there] = [await open(), await open()];
    await there.save(one, { alias: 'elsewhere' });
    await vi.waitFor(async () => expect(await here.get(one)).toMatchObject({ alias: 'elsewhere' }), outlast);
  });

  it('serves what was last known while the database is away, and refuses to save', async () => {
    const proxy = await DatabaseProxy.start(bench.url);
    const store = await open(proxy.url);
    await store.save(one, { door: 'password' });
    proxy.cut();
    await expect(store.save(one, { door: 'open' })).rejects.toMatchObject({ code: 'service.unavailable' });
    expect(await store.get(one)).toMatchObject({ door: 'password' });
    await new DataSource({ type: 'postgres', extra: { connectionString: bench.url } })
      .initialize()
      .then(async (direct) => {
        await direct.query(`update guild_settings set door = 'discord'`);
        await direct.destroy();
      });
    expect(await store.all()).toMatchObject([{ guildId: one, door: 'password' }]);
    await proxy.heal();
    await vi.waitFor(async () => expect(await store.get(one)).toMatchObject({ door: 'discord' }), outlast);
    proxy.stop();
  });

  it('does not open at all without the settings', async () => {
    const module = await Test.createTestingModule({
      imports: [DatabaseModule.forRoot({ url: bench.url, poolSize: 2 }), GuildsModule],
    }).compile();
    const dataSource = module.get(DataSource);
    await dataSource.query('drop table guild_settings');
    await expect(module.init()).rejects.toThrow('guild_settings');
    await dataSource.destroy();
  });
});

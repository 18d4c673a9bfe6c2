import { describe, expect, it, vi } from 'vitest';
import { mostStoredGuilds } from '../../../src/store/guild-store.js';
import { memberOf } from '../../support/events.js';
import { DatabaseProxy } from '../database/database-proxy.js';
import { actor, guildId, StoreBench, town } from './store-bench.js';

const other = '910000000000000002';
const ada = memberOf('100000000000000001', { joinedAt: '2026-01-01T00:00:00.000Z', roleIds: ['300000000000000001'] });
const bob = memberOf('100000000000000002');

describe('GuildStore', () => {
  const bench = new StoreBench();

  /** Type and data of every event that waits, oldest first. */
  const told = () => bench.rows<{ type: string; data: unknown }>('select type, data from outbox order by id');
  const forgetTold = () => bench.rows('truncate outbox');

  it('keeps a guild, and tells that it became known', async () => {
    const { guilds, stored } = bench.silent;
    const fields = { ...town, iconUrl: 'https://x.example/a.png', alias: 'town', default: true };
    expect(await guilds.create(guildId, fields, actor)).toEqual({ id: guildId, ...fields, memberCount: 0 });
    expect(await stored.guild(guildId)).toEqual({ id: guildId, ...fields, memberCount: 0 });
    const guild = { name: 'Town', iconUrl: 'https://x.example/a.png' };
    expect(await told()).toEqual([{ type: 'guild.updated', data: { guild, actor } }]);
  });

  it('refuses a guild that is there, and tells nothing then', async () => {
    const { guilds } = bench.silent;
    await guilds.create(guildId, town, actor);
    await forgetTold();
    await expect(guilds.create(guildId, { ...town, name: 'City' }, actor)).rejects.toMatchObject({
      code: 'request.conflict',
    });
    expect(await told()).toEqual([]);
    expect(await bench.silent.stored.guild(guildId)).toMatchObject({ name: 'Town' });
  });

  it('tells what a guild was before, and nothing of what stays', async () => {
    const { guilds, members } = bench.silent;
    expect(await guilds.put(guildId, { ...town, iconUrl: 'https://x.example/a.png' }, actor)).toMatchObject({
      created: true,
    });
    await members.put(guildId, [ada], actor);
    await forgetTold();
    expect(await guilds.put(guildId, { ...town, name: 'City' }, actor)).toMatchObject({
      created: false,
      guild: { name: 'City', iconUrl: null, memberCount: 1 },
    });
    expect(await guilds.patch(guildId, { name: 'City' }, actor)).toMatchObject({ name: 'City', memberCount: 1 });
    expect(await guilds.patch(guildId, { door: 'password' }, actor)).toMatchObject({ name: 'City', door: 'password' });
    expect(await guilds.patch(guildId, {}, actor)).toMatchObject({ door: 'password' });
    const guild = { name: 'City', iconUrl: null };
    expect(await told()).toEqual([
      { type: 'guild.updated', data: { guild, previous: { name: 'Town', iconUrl: 'https://x.example/a.png' }, actor } },
      { type: 'guild.updated', data: { guild, previous: {}, actor } },
    ]);
    expect(await bench.silent.stored.guild(guildId)).toMatchObject({ name: 'City', door: 'password', memberCount: 1 });
  });

  it('forgets a guild with its members, and tells once that it is gone', async () => {
    const { guilds, members, stored } = bench.silent;
    await guilds.create(guildId, town, actor);
    await members.put(guildId, [ada, bob], actor);
    await forgetTold();
    await guilds.remove(guildId, actor);
    expect(await told()).toEqual([{ type: 'guild.removed', data: { actor } }]);
    expect(await bench.rows('select id from stored_members')).toEqual([]);
    expect(await stored.snapshot(guildId)).toBeUndefined();
    await expect(guilds.remove(guildId, actor)).rejects.toMatchObject({ code: 'guild.not_found' });
    await expect(guilds.patch(guildId, { name: 'x' }, actor)).rejects.toMatchObject({ code: 'guild.not_found' });
    expect(await told()).toHaveLength(1);
  });

  it('has room for a bounded number of guilds, also when they come at once', async () => {
    const { guilds } = bench.silent;
    await bench.rows(
      `insert into stored_guilds (id, name, is_default, door)
       select (920000000000000000 + n)::text, 'full', false, 'open' from generate_series(1, $1::int) n`,
      [mostStoredGuilds - 1],
    );
    const outcomes = await Promise.allSettled([
      guilds.create(guildId, town, actor),
      guilds.put(other, town, actor),
      guilds.create('910000000000000003', town, actor),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(
      outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : [])),
    ).toMatchObject([{ code: 'request.conflict' }, { code: 'request.conflict' }]);
    expect(await bench.waiting()).toEqual(['guild.updated']);
    expect(await guilds.put('920000000000000001', town, actor)).toMatchObject({ created: false });
  });

  it('says so while the database is away, and serves again when it is back', async () => {
    const proxy = await DatabaseProxy.start(bench.database.url);
    const { guilds, stored } = await bench.start({ relay: false }, proxy.url);
    await guilds.create(guildId, town, actor);
    proxy.cut();
    const writes = [1, 2, 3].map((n) => guilds.patch(guildId, { name: `City ${n}` }, actor));
    for (const write of writes) await expect(write).rejects.toMatchObject({ code: 'service.unavailable' });
    await expect(stored.guild(guildId)).rejects.toMatchObject({ code: 'service.unavailable' });
    await proxy.heal();
    await expect
      .poll(() => guilds.patch(guildId, { name: 'City' }, actor).catch((error: unknown) => error))
      .toMatchObject({ name: 'City' });
    expect(await bench.waiting()).toEqual(['guild.updated', 'guild.updated']);
    proxy.stop();
  });

  it('lets nobody wait for a database that was found away meanwhile', async () => {
    const proxy = await DatabaseProxy.start(bench.database.url);
    const { guilds, database } = await bench.start({ relay: false }, proxy.url);
    await guilds.create(guildId, town, actor);
    const asked = vi.spyOn(database, 'transaction');
    const writes = [1, 2, 3, 4, 5].map((n) => guilds.patch(guildId, { name: `City ${n}` }, actor));
    proxy.cut();
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from(writes, () => 'rejected'));
    expect(asked).toHaveBeenCalledTimes(1);
    proxy.stop();
  });

  it('pages through guilds by the age of their ids', async () => {
    const { guilds, stored } = bench.silent;
    const ids = ['99999999999999999', '100000000000000000', '910000000000000001', '12345'];
    for (const id of ids) await guilds.create(id, town, actor);
    const sorted = ['12345', '99999999999999999', '100000000000000000', '910000000000000001'];
    expect((await stored.guilds({ limit: 10 })).map(({ id }) => id)).toEqual(sorted);
    expect((await stored.guilds({ limit: 2 })).map(({ id }) => id)).toEqual(sorted.slice(0, 2));
    expect((await stored.guilds({ limit: 2, after: sorted[1] })).map(({ id }) => id)).toEqual(sorted.slice(2));
    expect(await stored.guilds({ limit: 2, after: sorted[3] })).toEqual([]);
  });
});

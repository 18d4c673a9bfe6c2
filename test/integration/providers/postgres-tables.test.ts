import { afterEach, describe, expect, it } from 'vitest';
import { ada, here, PostgresBench, seedSchema, there, told } from './postgres-bench.js';

const opened: PostgresBench[] = [];
afterEach(async () => {
  for (const bench of opened.splice(0)) await bench.close();
});

async function open(schema: string): Promise<PostgresBench> {
  const bench = await PostgresBench.open(schema);
  opened.push(bench);
  return bench;
}

/** The guides' tables, with two guilds and these rows of members. */
async function seeded(rows = ''): Promise<PostgresBench> {
  const bench = await open(seedSchema);
  await bench.run(`insert into discord_servers (server_id, name) values ('${here}', 'Harbour'), ('${there}', 'Empty')`);
  if (rows)
    await bench.run(`insert into discord_users (user_id, server_id, username, status, role_color) values ${rows}`);
  return bench;
}

describe('the tables of the guides', () => {
  it('tell guilds and members as they are', async () => {
    const provider = (await seeded(`('${ada}', '${here}', 'Ada', 'idle', '#FF6B6B')`)).provider();
    expect(await provider.listGuilds()).toEqual([
      { id: here, name: 'Harbour', iconUrl: null, suggested: { default: false, door: 'open' } },
      { id: there, name: 'Empty', iconUrl: null, suggested: { default: false, door: 'open' } },
    ]);
    expect(await told(provider, here)).toEqual({
      guild: { id: here, name: 'Harbour', iconUrl: null, suggested: { default: false, door: 'open' } },
      members: [
        {
          id: ada,
          username: 'Ada',
          displayName: 'Ada',
          avatarUrl: null,
          bot: false,
          roleColor: '#ff6b6b',
          roleIds: [],
          status: 'idle',
          activities: [],
          voiceChannelId: null,
          joinedAt: null,
        },
      ],
      partial: [],
      repairs: {},
    });
  });

  it('know a guild without members, and not one that is in neither table', async () => {
    const provider = (await seeded(`('${ada}', '${here}', 'Ada', 'idle', '#FF6B6B')`)).provider();
    expect(await told(provider, there)).toMatchObject({ guild: { name: 'Empty' }, members: [], repairs: {} });
    expect(await provider.loadGuild('110000000000000009')).toBeUndefined();
  });

  it('suggest doors and the default, and hide what is not enabled', async () => {
    const bench = await seeded();
    const provider = bench.provider();
    await bench.run(`insert into discord_servers (server_id, name, passworded, is_default, enabled) values
      ('11111', 'guarded', true, false, true), ('22222', 'default', false, true, true),
      ('33333', 'hidden', false, false, false), ('44444', 'undecided', null, null, null)`);
    const guilds = new Map((await provider.listGuilds()).map((guild) => [guild.name, guild.suggested]));
    expect(guilds.get('guarded')).toEqual({ door: 'discord', default: false });
    expect(guilds.get('default')).toEqual({ door: 'open', default: true });
    expect(guilds.has('hidden')).toBe(false);
    expect(guilds.has('undecided')).toBe(false);
    expect(await provider.loadGuild('33333')).toBeUndefined();
    expect(await provider.loadGuild('44444')).toBeUndefined();
  });

  it('may filter by status, as the guides do', async () => {
    const bench = await seeded(
      ['online', 'IDLE', 'dnd', 'offline', 'away', ' ']
        .map((status, n) => `('21000000000000000${n}', '${here}', '${status}', '${status}', '#ffffff')`)
        .join(', '),
    );
    const names = async (statuses: string) => {
      const snapshot = await told(bench.provider({ POSTGRES_SOURCE_STATUSES: statuses }), here);
      return snapshot!.members.map(({ id }) => id.at(-1)).sort();
    };
    expect(await names('online,idle, dnd')).toEqual(['0', '1', '2']);
    // What we do not know we show as offline, so it counts as that.
    expect(await names('offline')).toEqual(['3', '4', '5']);
    expect(await names('online,offline')).toEqual(['0', '3', '4', '5']);
    await bench.run('drop table discord_users; create table discord_users (user_id text, server_id text)');
    await expect(bench.provider({ POSTGRES_SOURCE_STATUSES: 'online' }).loadGuild(here)).rejects.toThrow(
      'the table discord_users has no column with a status, which POSTGRES_SOURCE_STATUSES asks for',
    );
  });

  it('take strange names for names', async () => {
    const bench = await seeded();
    const names = [
      '__proto__',
      'constructor',
      'toString',
      `Robert'); drop table discord_users;--`,
      '"quoted"',
      'İnês 🚢',
    ];
    for (const [n, name] of names.entries()) {
      await bench.run(`insert into discord_users values ($1, $2, $3, 'online', '#ffffff')`, [
        `21000000000000000${n}`,
        here,
        name,
      ]);
    }
    await bench.run(`insert into discord_users values ('__proto__', $1, 'no id', 'online', '#ffffff')`, [here]);
    const provider = bench.provider();
    const snapshot = await told(provider, here);
    expect(snapshot!.members.map(({ username }) => username)).toEqual(names);
    expect(snapshot!.repairs).toEqual({ 'members without an id': 1 });
    for (const id of ['__proto__', 'constructor', '', '0', `' or true --`, `${here}'`]) {
      expect(await provider.loadGuild(id)).toBeUndefined();
    }
  });
});

describe('tables of other makes', () => {
  it('are read by the names that the settings give', async () => {
    const bench = await open(`
      create schema "Guild_Data";
      create table "Guild_Data"."Guilds" ("guildId" text, title text, closed boolean, slug text, "group" text);
      create view "Guild_Data".people as select '${ada}' as "user", '${here}' as home, 'ada_l' as login, 'Ada' as nick, 'dnd' as mood;
      insert into "Guild_Data"."Guilds" values ('${here}', 'Harbour', true, 'harbour-1', 'x'), ('${there}', 'Other', false, '../admin', 'x')`);
    const provider = bench.provider({
      POSTGRES_SOURCE_GUILDS: 'Guild_Data.Guilds',
      POSTGRES_SOURCE_MEMBERS: 'Guild_Data.people',
      POSTGRES_SOURCE_COLUMNS:
        'id=user, guildId=home, username=login,displayName=nick,status=mood,guild.id=guildId,guild.name=title,guild.passworded=closed,guild.alias=slug,',
    });
    expect(await provider.listGuilds()).toEqual([
      { id: here, name: 'Harbour', iconUrl: null, suggested: { alias: 'harbour-1', door: 'discord' } },
      { id: there, name: 'Other', iconUrl: null, suggested: { door: 'open' } },
    ]);
    expect(await told(provider, here)).toMatchObject({
      members: [{ id: ada, username: 'ada_l', displayName: 'Ada', status: 'dnd' }],
      repairs: {},
    });
  });

  it.each([
    ['bigint', 'bigint'],
    ['numeric', 'text'],
    ['char(20)', 'bigint'],
    ['text', 'numeric(20, 0)'],
    ['varchar(32)', 'char(24)'],
  ])('have ids of type %s and %s', async (ofGuilds, ofMembers) => {
    const bench = await open(`
      create domain snowflake as ${ofMembers};
      create table discord_servers (server_id ${ofGuilds}, name text);
      create table discord_users (user_id snowflake, server_id snowflake, username text, status text);
      insert into discord_servers values ('982451653987654321', 'Harbour');
      insert into discord_users values ('982451653987654323', '982451653987654321', 'Ada', 'online')`);
    const provider = bench.provider();
    expect((await provider.listGuilds()).map(({ id }) => id)).toEqual(['982451653987654321']);
    const snapshot = await told(provider, '982451653987654321');
    expect(snapshot).toMatchObject({ guild: { id: '982451653987654321' }, members: [{ id: '982451653987654323' }] });
    // Beyond 64 bits, and the same number in other digits.
    expect(await provider.loadGuild('99999999999999999999')).toBeUndefined();
    expect(await provider.loadGuild('00982451653987654321')).toBeUndefined();
  });

  it('may keep small ids in small numbers', async () => {
    const bench = await open(`
      create table discord_servers (server_id int, name text);
      create table discord_users (user_id int, server_id smallint, username text);
      insert into discord_servers values (12345, 'Small');
      insert into discord_users values (54321, 12345, 'Ada')`);
    const provider = bench.provider();
    expect(await told(provider, '12345')).toMatchObject({ members: [{ id: '54321', username: 'Ada' }] });
    expect(await provider.loadGuild('40000')).toBeUndefined();
    expect(await provider.loadGuild(here)).toBeUndefined();
  });

  it('use the index of a column of numbers', async () => {
    const bench = await open(`
      create table discord_servers (server_id bigint primary key, name text);
      create table discord_users (user_id bigint, server_id bigint, username text, primary key (server_id, user_id));
      insert into discord_servers select 10000 + n, 'g' from generate_series(1, 2000) n;
      insert into discord_users select 20000 + n, 10000 + n, 'u' from generate_series(1, 2000) n;
      analyze`);
    const provider = bench.provider();
    expect(await told(provider, '10007')).toMatchObject({ members: [{ id: '20007' }] });
    // A connection tells what it used at its end at the latest.
    await provider.onApplicationShutdown();
    await expect
      .poll(async () => bench.run(`select relname, idx_scan > 0 as used from pg_stat_user_tables order by 1`))
      .toEqual([
        { relname: 'discord_servers', used: true },
        { relname: 'discord_users', used: true },
      ]);
  });

  it('may be views of any kind, foreign to the search path or not', async () => {
    const bench = await open(`
      create table raw_guilds (id bigint, label text, live text);
      create table raw_people (id bigint, guild bigint, who text);
      insert into raw_guilds values (${here}, 'Harbour', 'Yes'), (${there}, 'Hidden', 'No');
      insert into raw_people values (${ada}, ${here}, 'Ada');
      create view discord_servers as select id as server_id, label as name, live as enabled from raw_guilds;
      create materialized view discord_users as select id as user_id, guild as server_id, who as username from raw_people`);
    const provider = bench.provider();
    expect((await provider.listGuilds()).map(({ name }) => name)).toEqual(['Harbour']);
    expect(await told(provider, here)).toMatchObject({ members: [{ id: ada, username: 'Ada' }] });
  });

  it('may tell a guild or a member twice', async () => {
    const bench = await open(`
      create table discord_servers (server_id text, name text);
      create table discord_users (user_id text, server_id text, username text, status text);
      insert into discord_servers values ('${here}', 'Harbour'), ('${here}', 'Harbour'), ('x', 'No id'), (null, null);
      insert into discord_users values ('${ada}', '${here}', 'Ada', 'idle'), ('${ada}', '${here}', 'Ada', 'idle'),
        (null, '${here}', 'Nobody', 'idle')`);
    const provider = bench.provider();
    expect((await provider.listGuilds()).map(({ id }) => id)).toEqual([here]);
    const snapshot = await told(provider, here);
    expect(snapshot!.members).toHaveLength(1);
    expect(snapshot!.repairs).toEqual({ 'members told twice': 1, 'members without an id': 1 });
  });

  it('may lack a name, a status, or both', async () => {
    const bench = await open(`
      create table discord_servers (server_id text);
      create table discord_users (user_id text, server_id text);
      insert into discord_servers values ('${here}');
      insert into discord_users values ('${ada}', '${here}')`);
    const provider = bench.provider();
    expect(await provider.listGuilds()).toEqual([{ id: here, name: 'Unknown', iconUrl: null }]);
    expect(await told(provider, here)).toMatchObject({
      guild: { name: 'Unknown' },
      members: [{ id: ada, username: 'Unknown', status: 'offline', roleColor: '#99aab5' }],
      partial: ['presence'],
      repairs: { 'name of the guild': 1, username: 1 },
    });
  });

  it('suggest short names that can stand in addresses', async () => {
    const bench = await open(`
      create table discord_servers (server_id text, alias text);
      create table discord_users (user_id text, server_id text);
      insert into discord_servers values ('10001', ' Harbour-1 '), ('10002', 'harbour-'), ('10003', '-harbour'),
        ('10004', 'a b'), ('10005', ''), ('10006', repeat('a', 33)), ('10007', '한국')`);
    const guilds = await bench.provider().listGuilds();
    expect(guilds.map(({ id, suggested }) => [id, suggested?.alias])).toEqual([
      ['10001', 'Harbour-1'],
      ...['10002', '10003', '10004', '10005', '10006'].map((id) => [id, undefined]),
      ['10007', '한국'],
    ]);
  });

  it('suggest doors, and a guarded one wherever a word is unclear', async () => {
    const bench = await open(`
      create table discord_servers (server_id text, name text, door text, passworded text);
      create table discord_users (user_id text, server_id text);
      insert into discord_servers values
        ('10001', 'open', 'open', 'false'), ('10002', 'password', ' Password ', 'false'),
        ('10003', 'discord', 'discord', null), ('10004', 'discord', 'locked', 'false'),
        ('10005', 'discord', 'open', 'true'), ('10006', 'discord', null, 'perhaps'), ('10007', 'discord', '', '1'),
        ('10008', 'nothing', '', null), ('10009', 'nothing', null, null), ('10010', 'open', null, 'Off')`);
    const guilds = await bench.provider().listGuilds();
    expect(guilds).toHaveLength(10);
    for (const { id, name, suggested } of guilds) expect(suggested?.door ?? 'nothing', id).toBe(name);
  });
});

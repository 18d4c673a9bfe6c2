import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StartupError } from '../../../src/database/startup-error.js';
import { type Member } from '../../../src/domain/member.js';
import { postgresSettings } from '../../../src/providers/postgres/postgres-settings.js';
import { PostgresProvider } from '../../../src/providers/postgres.provider.js';
import { chainOf } from '../../unit/gateway/gateway-parts.js';
import { DatabaseProxy } from '../database/database-proxy.js';
import { ada, here, PostgresBench, seedSchema, told } from './postgres-bench.js';

const rows = `
  insert into discord_servers (server_id, name) values ('${here}', 'Harbour');
  insert into discord_users (user_id, server_id, username, status, role_color)
  values ('${ada}', '${here}', 'Ada', 'idle', '#ffffff')`;

let bench: PostgresBench;
const said: string[] = [];

beforeEach(async () => {
  bench = await PostgresBench.open(seedSchema + rows);
  said.length = 0;
  for (const level of ['log', 'warn', 'error'] as const) {
    vi.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => void said.push(String(line)));
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.close();
});

async function fault(asking: Promise<unknown>): Promise<string> {
  const error: unknown = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return (error as Error).message;
}

describe('tables that do not fit', () => {
  it('are said in one sentence, and used once they are there', async () => {
    const provider = bench.provider({ POSTGRES_SOURCE_MEMBERS: 'people', POSTGRES_SOURCE_COLUMNS: 'displayName=nick' });
    expect(await fault(provider.loadGuild(here))).toBe('there is no table people (see POSTGRES_SOURCE_MEMBERS)');
    expect(await fault(provider.listGuilds())).toBe('there is no table people (see POSTGRES_SOURCE_MEMBERS)');
    await bench.run('create table people (server_id text, nick text)');
    expect(await fault(provider.loadGuild(here))).toBe(
      'the table people has no column user_id (see POSTGRES_SOURCE_COLUMNS)',
    );
    await bench.run('alter table people add user_id text, drop nick');
    expect(await fault(provider.loadGuild(here))).toBe(
      'the table people has no column nick (see POSTGRES_SOURCE_COLUMNS)',
    );
    await bench.run(`alter table people add nick text; insert into people values ('${here}', '${ada}', 'Ada')`);
    expect(await told(provider, here)).toMatchObject({ members: [{ id: ada, displayName: 'Ada' }] });
    expect(await fault(bench.provider({ POSTGRES_SOURCE_GUILDS: 'nowhere.guilds' }).listGuilds())).toBe(
      'there is no table nowhere.guilds (see POSTGRES_SOURCE_GUILDS)',
    );
  });

  it('may change while they are read', async () => {
    const provider = bench.provider();
    expect(await told(provider, here)).toMatchObject({ members: [{ username: 'Ada' }] });
    await bench.run('alter table discord_users drop role_color');
    expect(await fault(provider.loadGuild(here))).toContain('role_color');
    expect(await told(provider, here)).toMatchObject({ members: [{ roleColor: '#99aab5' }] });
    await bench.run('alter table discord_servers alter server_id type char(30)');
    expect(await told(provider, here)).toMatchObject({ members: [{ username: 'Ada' }] });
  });

  it('may grow a column, which is seen after a minute', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const provider = bench.provider();
      expect(await told(provider, here)).toMatchObject({ members: [{ displayName: 'Ada' }] });
      await bench.run(`alter table discord_users add display_name text default 'Ada L.'`);
      vi.advanceTimersByTime(60_000);
      expect(await told(provider, here)).toMatchObject({ members: [{ displayName: 'Ada L.' }] });
    } finally {
      vi.useRealTimers();
    }
  });

  it('may be closed to us, in part or as a whole', async () => {
    const role = `reader_${new URL(bench.url).pathname.slice(6)}`;
    const url = new URL(bench.url);
    url.username = role;
    const asReader = () => bench.provider({ POSTGRES_SOURCE_URL: url.href });
    await bench.run(`create role ${role} login password 'hunter2'`);
    try {
      expect(await fault(asReader().listGuilds())).toBe(
        'the column server_id of the table discord_servers may not be read (see POSTGRES_SOURCE_COLUMNS)',
      );
      await bench.run(`grant select on discord_servers to ${role};
        grant select (user_id, server_id, username) on discord_users to ${role}`);
      expect(await told(asReader(), here)).toMatchObject({ members: [{ username: 'Ada' }], partial: ['presence'] });
      // A guild that should be hidden or guarded must not be shown because we may not see that it should.
      await bench.run(`revoke all on discord_servers from ${role};
        grant select (server_id, name, is_default, passworded) on discord_servers to ${role}`);
      expect(await fault(asReader().listGuilds())).toContain('the column enabled of the table discord_servers may not');
      await bench.run(`create schema closed; alter table discord_users set schema closed`);
      const closed = bench.provider({ POSTGRES_SOURCE_URL: url.href, POSTGRES_SOURCE_MEMBERS: 'closed.discord_users' });
      expect(await fault(closed.listGuilds())).toContain('permission denied for schema closed');
    } finally {
      await bench.run(`drop owned by ${role}; drop role ${role}`);
    }
  });
});

describe('tables that hold too much', () => {
  it('are a fault, and cost no more than what may be read: a million members', { timeout: 90_000 }, async () => {
    await bench.run(`drop table discord_users; create view discord_users as
      select (210000000000000000 + n)::text as user_id, '${here}' as server_id from generate_series(1, 1000000) n`);
    const provider = bench.provider();
    expect((await provider.loadGuild(here))?.members).toHaveLength(250_001);
    const chain = chainOf([provider], 60_000);
    await expect(chain.load(here)).rejects.toMatchObject({ code: 'guild.unavailable' });
    expect(said).toEqual(['data source postgres: the answer has more than 250000 members']);
  });

  it('are read to the bound of each value', async () => {
    await bench.run(`alter table discord_users alter username type text; alter table discord_users add role_ids text;
      update discord_users set username = repeat('x', 1000000), role_ids = repeat('12345 ', 1000000)`);
    const [member] = (await bench.provider().loadGuild(here))?.members as readonly Member[];
    expect(member?.username).toHaveLength(4_096);
    expect(member?.roleIds.join(' ').length).toBeLessThanOrEqual(16_384);
  });

  it('are a fault: more than fifty thousand guilds', async () => {
    await bench.run(`drop table discord_users; drop table discord_servers; create table discord_users (user_id text, server_id text);
      create view discord_servers as select (110000000000000000 + n)::text as server_id from generate_series(1, 50001) n`);
    expect(await fault(bench.provider().listGuilds())).toBe('there are more than 50000 guilds');
    await bench.run(`create or replace view discord_servers as
      select (110000000000000000 + n)::text as server_id from generate_series(1, 50000) n`);
    expect(await bench.provider().listGuilds()).toHaveLength(50_000);
  });
});

describe('a database that fails', () => {
  it('is asked again over new connections when the old ones were cut', async () => {
    const provider = bench.provider({ POSTGRES_SOURCE_POOL_SIZE: '2' });
    for (let n = 0; n < 3; n += 1) {
      await Promise.all([provider.loadGuild(here), provider.loadGuild(here)]);
      expect(await bench.cut()).toBeGreaterThan(0);
      await vi.waitFor(async () => expect(await told(provider, here)).toMatchObject({ members: [{ id: ada }] }));
    }
  });

  it('gets as many questions at once as it may', async () => {
    const provider = bench.provider({ POSTGRES_SOURCE_POOL_SIZE: '2' });
    await provider.listGuilds();
    await bench.run('begin; lock table discord_users in access exclusive mode');
    const asking = Array.from({ length: 10 }, () => provider.loadGuild(here));
    const waiting = expect.stringMatching(/^active/) as string;
    await vi.waitFor(async () => expect(await bench.connections()).toEqual([waiting, waiting]));
    await bench.run('commit');
    expect(await Promise.all(asking)).toHaveLength(10);
    expect(await bench.connections()).toHaveLength(2);
  });

  it('in the middle of an answer fails that answer alone', async () => {
    const provider = bench.provider({ POSTGRES_SOURCE_POOL_SIZE: '1' });
    await provider.listGuilds();
    await bench.run('begin; lock table discord_users in access exclusive mode');
    const asking = fault(provider.loadGuild(here));
    await vi.waitFor(async () => expect(await bench.connections()).toEqual([expect.stringMatching(/^active/)]));
    await bench.cut();
    expect(await asking).toMatch(/^the database at .*: the connection was cut$/);
    await bench.run('commit');
    expect(await told(provider, here)).toMatchObject({ members: [{ id: ada }] });
  });

  it('that is slow is given up by itself after its time', async () => {
    const provider = bench.provider({ POSTGRES_SOURCE_STATEMENT_TIMEOUT_MS: '50', POSTGRES_SOURCE_POOL_SIZE: '1' });
    await vi.waitFor(() => provider.listGuilds());
    await bench.run('begin; lock table discord_users in access exclusive mode');
    expect(await fault(provider.loadGuild(here))).toMatch(/: no answer within 50 ms$/);
    await bench.run('commit');
    await vi.waitFor(async () => expect(await told(provider, here)).toMatchObject({ members: [{ id: ada }] }));
  });

  it('that is slow is left at once by who gives up, and works for nobody', async () => {
    const provider = bench.provider({ POSTGRES_SOURCE_POOL_SIZE: '1', POSTGRES_SOURCE_STATEMENT_TIMEOUT_MS: '120000' });
    await provider.listGuilds();
    await bench.run('begin; lock table discord_users in access exclusive mode');
    const givingUp = new AbortController();
    const asking = provider.loadGuild(here, givingUp.signal);
    // Waits for the one connection.
    const second = provider.loadGuild(here, givingUp.signal);
    const ends = Promise.allSettled([asking, second]);
    await vi.waitFor(async () => expect(await bench.connections()).toEqual([expect.stringMatching(/^active/)]));
    const reason = new Error('that is enough');
    givingUp.abort(reason);
    expect(await ends).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    await expect(provider.loadGuild(here, givingUp.signal)).rejects.toBe(reason);
    // Still locked: that no statement waits for it any more is our doing.
    await vi.waitFor(async () =>
      expect((await bench.connections()).filter((doing) => doing.startsWith('active'))).toEqual([]),
    );
    await bench.run('commit');
    expect(await told(provider, here)).toMatchObject({ members: [{ id: ada }] });
  });

  it('keeps nobody waiting at the end', async () => {
    const provider = bench.provider({ POSTGRES_SOURCE_STATEMENT_TIMEOUT_MS: '120000' });
    await provider.listGuilds();
    await bench.run('begin; lock table discord_users in access exclusive mode');
    const asking = fault(provider.loadGuild(here));
    await vi.waitFor(async () => expect(await bench.connections()).toEqual([expect.stringMatching(/^active/)]));
    await provider.onApplicationShutdown();
    expect(await asking).toContain('the connection was cut');
    await bench.run('commit');
  });

  it('is never told with its password', async () => {
    const proxy = await DatabaseProxy.start(bench.url);
    const url = new URL(proxy.url);
    const of = (change: Partial<URL>) =>
      bench.provider({ POSTGRES_SOURCE_URL: Object.assign(new URL(proxy.url), change).href });
    try {
      const through = bench.provider({ POSTGRES_SOURCE_URL: proxy.url });
      expect(await told(through, here)).toMatchObject({ members: [{ id: ada }] });
      const unwatch = await through.watch(() => undefined);
      proxy.cut();
      const at = `the database at 127.0.0.1:${url.port}${url.pathname}`;
      await vi.waitFor(async () => expect(await fault(through.loadGuild(here))).toBe(`${at}: nothing listens there`));
      await vi.waitFor(() => expect(said.join('\n')).toContain(`The database at ${at.slice(16)} is not heard`));
      await proxy.heal();
      await vi.waitFor(async () => expect(await told(through, here)).toMatchObject({ members: [{ id: ada }] }));
      await unwatch();
      const faults = [
        await fault(of({ pathname: '/missing' }).listGuilds()),
        await fault(of({ username: 'nobody' }).listGuilds()),
        await fault(of({ hostname: 'database.invalid' }).listGuilds()),
        await fault(of({ search: '?sslmode=verify-full' }).listGuilds()),
        await fault(of({ search: '?sslrootcert=/nowhere/hunter2' }).listGuilds()),
        await fault(of({ search: '?options=-c%20nonsense=1' }).listGuilds()),
      ];
      expect(faults[0]).toBe(`the database at 127.0.0.1:${url.port}/missing: there is no such database`);
      expect(faults.at(-1)).toContain('nonsense');
      for (const line of [...faults, ...said]) expect(line).not.toContain('hunter2');
    } finally {
      proxy.stop();
    }
  });
});

describe('the source without an address', () => {
  it('does not start', () => {
    expect(() => new PostgresProvider(postgresSettings.parse({}))).toThrow(StartupError);
    expect(() => new PostgresProvider(postgresSettings.parse({}))).toThrow(/POSTGRES_SOURCE_URL/);
  });
});

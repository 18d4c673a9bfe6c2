import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StartupError } from '../../../src/database/startup-error.js';
import { postgresSettings } from '../../../src/providers/postgres/postgres-settings.js';
import { makeSample } from '../../../src/providers/postgres/sample-schema.js';
import { spawnGuildcast } from '../../support/guildcast-process.js';
import { startTestApp } from '../../support/test-app.js';
import { PostgresBench } from './postgres-bench.js';

let bench: PostgresBench;
beforeEach(async () => {
  bench = await PostgresBench.open();
});
afterEach(() => bench.close());

async function run(args: string[], env: Record<string, string> = {}): Promise<{ code: unknown; output: string }> {
  const { child, output } = spawnGuildcast(env, args);
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, output: output().trim() };
}

async function tables(): Promise<unknown[]> {
  const rows = await bench.run(
    `select relname from pg_class where relname like 'discord%' and relkind = 'r' order by 1`,
  );
  return rows.map(({ relname }) => relname);
}

describe('db:sample', () => {
  it('makes tables that the source reads as they are', async () => {
    const { code, output } = await run(['db:sample'], { POSTGRES_SOURCE_URL: bench.url });
    const { pathname } = new URL(bench.url);
    expect(output).toMatch(/^Made discord_servers and discord_users with sample rows in the database at \S+\.$/);
    expect(output).toContain(pathname);
    expect(code).toBe(0);
    const names = (await bench.provider().listGuilds()).map(({ name }) => name);
    expect(names).toEqual(['Harbour', 'Workshop']);
  });

  it('changes nothing where one of the tables is', async () => {
    await bench.run('create table discord_users (mine text)');
    const { code, output } = await run(['db:sample'], { POSTGRES_SOURCE_URL: bench.url });
    expect(output).toMatch(
      /^The database at \S+ did not run the statements: relation "discord_users" already exists\.$/,
    );
    expect(code).toBe(1);
    expect(await tables()).toEqual(['discord_users']);
  });

  it('prints the SQL and touches nothing', async () => {
    const env = { POSTGRES_SOURCE_URL: bench.url, POSTGRES_SOURCE_CHANNEL: 'elsewhere' };
    const { code, output } = await run(['db:sample', '--print'], env);
    expect(code).toBe(0);
    expect(await tables()).toEqual([]);
    await bench.run(output);
    expect(await tables()).toEqual(['discord_servers', 'discord_users']);
    const [row] = await bench.run(`select prosrc from pg_proc where proname = 'guildcast_source_changed'`);
    expect(row?.prosrc).toContain(`'elsewhere'`);
    const quiet = postgresSettings.parse({ POSTGRES_SOURCE_CHANNEL: 'off' });
    expect(await makeSample(quiet, { print: true })).toContain(`'guildcast_source'`);
  });

  it('is one sentence when it cannot', async () => {
    const fault = async (settings: object) =>
      makeSample(postgresSettings.parse(settings), {}).catch((one: unknown) => one);
    expect(await fault({})).toEqual(
      new StartupError('db:sample needs a database in POSTGRES_SOURCE_URL; with --print it shows the SQL.'),
    );
    expect(await fault({ POSTGRES_SOURCE_URL: 'postgres://me:hunter2@127.0.0.1:9/x' })).toEqual(
      new StartupError('The database at 127.0.0.1:9/x cannot be used: nothing listens there.'),
    );
  });

  it('is the only command', async () => {
    const runs = [['db:drop'], ['--print'], ['db:sample', 'twice']].map((args) => run(args));
    const refusal = { code: 1, output: 'There is no such command: --help names those there are.' };
    expect(await Promise.all(runs)).toEqual([refusal, refusal, refusal]);
    expect((await run(['--help'])).output).toContain('db:sample [--print]');
  });
});

describe('the application with the source postgres', () => {
  it('shows its guilds, and keeps the guarded one guarded', async () => {
    await makeSample(postgresSettings.parse({ POSTGRES_SOURCE_URL: bench.url }), {});
    const app = await startTestApp({ DATA_PROVIDERS: 'postgres', POSTGRES_SOURCE_URL: bench.url });
    try {
      const guilds = (await (await fetch(`${app.url}/api/v1/guilds`)).json()) as object;
      expect(JSON.stringify(guilds)).toContain('Harbour');
      expect(JSON.stringify(guilds)).not.toContain('Attic');
      const harbour = await fetch(`${app.url}/api/v1/guilds/110000000000000001/members`);
      expect(harbour.status).toBe(200);
      expect(await harbour.text()).toContain('Inês');
      expect((await fetch(`${app.url}/api/v1/guilds/110000000000000002/members`)).status).toBe(403);
      expect((await fetch(`${app.url}/api/v1/guilds/110000000000000003`)).status).toBe(404);
    } finally {
      await app.close();
    }
  });

  it('starts without the database, and shows it once it is there', async () => {
    const app = await startTestApp({ DATA_PROVIDERS: 'postgres', POSTGRES_SOURCE_URL: bench.url });
    const shown = async () => (await fetch(`${app.url}/api/v1/guilds`)).text();
    try {
      expect(await shown()).not.toContain('Harbour');
      await makeSample(postgresSettings.parse({ POSTGRES_SOURCE_URL: bench.url }), {});
      await expect.poll(shown).toContain('Harbour');
    } finally {
      await app.close();
    }
  });
});

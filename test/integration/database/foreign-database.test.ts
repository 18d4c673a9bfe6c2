import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ForeignDatabase } from '../../../src/database/foreign-database.js';
import { createEmptyDatabase } from '../../support/test-database.js';
import { DatabaseProxy } from './database-proxy.js';

describe('a database of somebody else', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  const opened: ForeignDatabase[] = [];

  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await database.drop();
  });

  function open(url = database.url, options: { statementTimeout?: number; poolSize?: number } = {}): ForeignDatabase {
    const foreign = new ForeignDatabase({ url, poolSize: 2, statementTimeout: 5_000, ...options });
    opened.push(foreign);
    return foreign;
  }

  it('is read', async () => {
    const foreign = open();
    expect(await foreign.query('select $1::text, n from generate_series(1, 2) n', ['a'])).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
    expect(foreign.address).not.toContain('@');
  });

  it.each([
    ['', ''],
    ['with options of its own', '&options=-c%20default_transaction_read_only%3Doff%20-c%20search_path%3Dpg_catalog'],
    ['with two of them', '&options=-c%20search_path=public&options=-c+search_path=pg_catalog'],
    ['with a fragment', '&options=-c%20search_path=pg_catalog#part'],
  ])('is never written, by an address %s', async (_, end) => {
    const foreign = open(database.url + end);
    await expect(foreign.query('create table mine (id int)', [])).rejects.toThrow(/read-only transaction/);
    const [settings] = await foreign.query(
      `select current_setting('statement_timeout'), current_setting('application_name'), current_setting('search_path')`,
      [],
    );
    expect(settings).toEqual(['5s', 'guildcast', end === '' ? '"$user", public' : 'pg_catalog']);
  });

  it('is never written, by an address whose password is written badly', async () => {
    const proxy = await DatabaseProxy.start(database.url);
    try {
      const foreign = open(proxy.url.replace('hunter2', 'a%b%%'));
      await expect(foreign.query('create table mine (id int)', [])).rejects.toThrow(/read-only transaction/);
    } finally {
      proxy.stop();
    }
  });

  it('says what was wrong with a statement, and keeps the connection', async () => {
    const foreign = open(database.url, { poolSize: 1 });
    const pid = () => foreign.query('select pg_backend_pid()', []);
    const before = await pid();
    await expect(foreign.query('select nothing', [])).rejects.toThrow(/: column "nothing" does not exist$/);
    await expect(foreign.query('select 1 / $1::int', [0])).rejects.toThrow(/: division by zero$/);
    expect(await pid()).toEqual(before);
  });

  it('that swallows every word is given up, for new connections too', async () => {
    const proxy = await DatabaseProxy.start(database.url);
    try {
      const foreign = open(proxy.url, { statementTimeout: 1, poolSize: 1 });
      await vi.waitFor(() => foreign.query('select 1', []));
      proxy.freeze();
      await expect(foreign.query('select 1', [])).rejects.toThrow(/: no answer in time$/);
      await proxy.heal();
      await vi.waitFor(() => foreign.query('select 1', []), { timeout: 15_000 });
    } finally {
      proxy.stop();
    }
  });

  it('does not answer who gave up before, nor after its end', async () => {
    const foreign = open();
    const reason = new Error('no more');
    await expect(foreign.query('select 1', [], AbortSignal.abort(reason))).rejects.toBe(reason);
    await foreign.close();
    await expect(foreign.query('select 1', [])).rejects.toThrow(/^the database at /);
  });

  it('hears what is said, with its payload', async () => {
    const foreign = open();
    const heard: (string | undefined)[] = [];
    const unlisten = foreign.listen('news', (payload) => void heard.push(payload));
    await vi.waitFor(() => expect(heard).toEqual([undefined]));
    await foreign.query(`select pg_notify('news', 'one'), pg_notify('news', '')`, []);
    await vi.waitFor(() => expect(heard).toEqual([undefined, 'one', '']));
    unlisten();
    const others: unknown[] = [];
    foreign.listen('other', (payload) => void others.push(payload));
    await vi.waitFor(() => expect(others).toEqual([undefined]));
    await foreign.query(`select pg_notify('news', 'two'), pg_notify('other', 'three')`, []);
    await vi.waitFor(() => expect(others).toEqual([undefined, 'three']));
    expect(heard).toHaveLength(3);
  });

  it('with a certificate that cannot be read is a fault like any other', async () => {
    const foreign = open(`${database.url}&sslrootcert=/nowhere/ca.pem`);
    await expect(foreign.query('select 1', [])).rejects.toThrow(/: its certificate cannot be read$/);
    const heard = vi.fn();
    foreign.listen('news', heard);
    await foreign.close();
    expect(heard).not.toHaveBeenCalled();
  });
});

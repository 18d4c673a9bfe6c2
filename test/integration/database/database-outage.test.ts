import { Test, type TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DatabaseHealth } from '../../../src/database/database-health.js';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { StartupError } from '../../../src/database/startup-error.js';
import { createTestDatabase } from '../../support/test-database.js';
import { DatabaseProxy } from './database-proxy.js';

const outlast = { timeout: 15_000 };

describe('a database out of reach', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let proxy: DatabaseProxy;
  let module: TestingModule | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
    proxy = await DatabaseProxy.start(database.url);
  });

  afterEach(async () => {
    await module?.close();
    module = undefined;
    proxy.stop();
    await database.drop();
  });

  async function open(url: string) {
    module = await Test.createTestingModule({ imports: [DatabaseModule.forRoot({ url, poolSize: 3 })] }).compile();
    return { dataSource: module.get(DataSource), health: module.get(DatabaseHealth) };
  }

  async function refusal(url: string): Promise<string> {
    const error: unknown = await open(url).catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(StartupError);
    return (error as StartupError).message;
  }

  it('at the start is told in one sentence, with its address and without the password', async () => {
    proxy.cut();
    const port = new URL(proxy.url).port;
    expect(await refusal(`postgresql://app:hunter2@127.0.0.1:${port}/guildcast`)).toBe(
      `The database at 127.0.0.1:${port}/guildcast cannot be used: nothing listens there. Check DATABASE_URL.`,
    );
    expect(await refusal('postgresql://app:hunter2@database.invalid/guildcast')).toMatch(
      /^The database at database\.invalid:5432\/guildcast cannot be used: .*host.*\. Check DATABASE_URL\.$/,
    );
    expect(await refusal('postgresql://app:hunter2@localhost/guildcast?host=/nowhere')).toBe(
      'The database at /nowhere/guildcast cannot be used: there is no such socket. Check DATABASE_URL.',
    );
  });

  it('that does not exist is told too', async () => {
    const { href } = Object.assign(new URL(proxy.url), { pathname: '/missing' });
    const message = await refusal(href);
    expect(message).toContain('there is no such database');
    expect(message).not.toContain('hunter2');
  });

  it('later is said by the health check and ends nothing; it is used again when it is back', async () => {
    const { dataSource, health } = await open(proxy.url);
    expect(await health.check()).toEqual({ ok: true });
    await Promise.all([dataSource.query('select 1'), dataSource.query('select 1'), dataSource.query('select 1')]);
    proxy.cut();
    const failed = { ok: false, detail: expect.any(String) as string };
    await vi.waitFor(async () => expect(await health.check()).toEqual(failed), outlast);
    await expect(dataSource.query('select 1')).rejects.toThrow();
    await proxy.heal();
    await vi.waitFor(async () => expect(await health.check()).toEqual({ ok: true }), outlast);
    expect(await dataSource.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('in the middle of a statement fails that statement alone', async () => {
    const { dataSource } = await open(proxy.url);
    const slow = dataSource.query('select pg_sleep(60)').catch((error: unknown) => error);
    const asleep = `select 1 from pg_stat_activity where query like 'select pg_sleep%' and datname = current_database()`;
    await vi.waitFor(async () => expect(await dataSource.query(asleep)).toHaveLength(1), outlast);
    proxy.cut();
    expect(await slow).toBeInstanceOf(Error);
    await proxy.heal();
    await vi.waitFor(async () => expect(await dataSource.query('select 1 as one')).toEqual([{ one: 1 }]), outlast);
  });

  it('that swallows every packet is noticed, and no connection is lost to it for good', async () => {
    const { dataSource, health } = await open(`${proxy.url}?query_timeout=1500`);
    await Promise.all([dataSource.query('select 1'), dataSource.query('select 1'), dataSource.query('select 1')]);
    proxy.freeze();
    expect(await health.check()).toEqual({ ok: false, detail: 'no answer in time' });
    const swallowed = [dataSource.query('select 1'), dataSource.query('select 1')].map((query) =>
      query.catch((error: unknown) => error),
    );
    for (const outcome of await Promise.all(swallowed)) expect(outcome).toBeInstanceOf(Error);
    await proxy.heal();
    await vi.waitFor(async () => expect(await health.check()).toEqual({ ok: true }), outlast);
    const answers = Promise.all([1, 2, 3].map((n) => dataSource.query(`select ${n} as n`)));
    expect(await answers).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
  });
});

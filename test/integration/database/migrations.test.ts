import { Test } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseHealth } from '../../../src/database/database-health.js';
import { DatabaseModule } from '../../../src/database/database.module.js';
import { dataSourceOptions, migrate } from '../../../src/database/migrated-data-source.js';
import { migrations } from '../../../src/database/migrations/index.js';
import { LeaseRepository } from '../../../src/queue/lease.repository.js';
import { countByState, TallyRepository } from '../../../src/queue/operations/tally.repository.js';
import { createEmptyDatabase } from '../../support/test-database.js';

describe('the schema', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  beforeEach(async () => (database = await createEmptyDatabase()));
  afterEach(() => database.drop());

  async function open(): Promise<DataSource> {
    await migrate(database);
    return new DataSource(dataSourceOptions(database)).initialize();
  }

  async function applied(source: DataSource): Promise<string[]> {
    const rows = await source.query<{ name: string }[]>('select name from migrations order by id');
    return rows.map((row) => row.name);
  }

  it('is brought up to date by the module, which then says that the database is well', async () => {
    const module = await Test.createTestingModule({ imports: [DatabaseModule.forRoot(database)] }).compile();
    try {
      expect(await applied(module.get(DataSource))).toEqual(migrations.map((migration) => migration.name));
      expect(await module.get(DatabaseHealth).check()).toEqual({ ok: true });
    } finally {
      await module.close();
    }
  });

  it('is left alone by a second start', async () => {
    const first = await open();
    await first.query(`insert into guild_settings (guild_id, alias) values ('10000', 'kept')`);
    await first.destroy();
    const second = await open();
    expect(await second.query('select alias from guild_settings')).toEqual([{ alias: 'kept' }]);
    expect(await applied(second)).toHaveLength(migrations.length);
    await second.destroy();
  });

  it('is made once by processes that start at once', async () => {
    const sources = await Promise.all([open(), open(), open(), open()]);
    expect(await applied(sources[0])).toEqual(migrations.map((migration) => migration.name));
    await Promise.all(sources.map((source) => source.destroy()));
  });

  it('keeps the notifications of an earlier version as they are', async () => {
    const earlier = await new DataSource({
      ...dataSourceOptions(database),
      migrations: migrations.filter(({ name }) => /000[1-4]$/.test(name)),
    }).initialize();
    await earlier.runMigrations();
    await earlier.query(
      `insert into notifications (target, type, payload, nonce, publisher, state, lease_token, lease_until)
       values ('{"userId":"10000"}', 'x', '{}', 'n1', 'tester', 'pending', null, null),
              ('{"userId":"10001"}', 'x', '{}', 'n2', 'tester', 'leased', gen_random_uuid(), now() - interval '1 minute'),
              ('{"userId":"10002"}', 'x', '{}', 'n3', 'tester', 'dead', null, null)`,
    );
    await earlier.destroy();
    const source = await open();
    const leases = new LeaseRepository(source);
    const claimed = await leases.claim(10, 60);
    expect(claimed).toMatchObject([
      { target: { userId: '10000' }, nonce: 'n1', begun: false, secret: null },
      { target: { userId: '10001' }, nonce: 'n2', begun: false, secret: null, attempts: 1 },
    ]);
    for (const lease of claimed) {
      expect(await leases.settle(lease, { state: 'delivered', outcome: 'sent', messageId: '1' })).toBeDefined();
    }
    const { tallies } = await new TallyRepository(source).standing();
    expect(countByState(tallies)).toMatchObject({ pending: 0, leased: 0, delivered: 2, dead: 1, unknown: 0 });
    await source.destroy();
  });

  it('can be taken back', async () => {
    const source = await open();
    await source.destroy();
    const reverting = await new DataSource({ ...dataSourceOptions(database), migrations }).initialize();
    for (let left = migrations.length; left > 0; left -= 1) await reverting.undoLastMigration();
    const left = await reverting.query<unknown[]>(
      `select table_name from information_schema.tables where table_schema = 'public' and table_name <> 'migrations'`,
    );
    expect(left).toEqual([]);
    await reverting.destroy();
  });
});

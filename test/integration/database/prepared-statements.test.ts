import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../../src/database/migrated-data-source.js';
import { prepared, preparedName } from '../../../src/database/prepared-statements.js';
import { createTestDatabase } from '../../support/test-database.js';

describe('prepared statements', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let source: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    // One connection, so that what it keeps can be looked at.
    source = await new DataSource({ ...dataSourceOptions({ url: database.url, poolSize: 1 }) }).initialize();
    await source.query('create table things (id int primary key, name text)');
  });
  afterEach(async () => {
    await source.destroy();
    await database.drop();
  });

  const byIds = prepared('select id, name from things where id = any ($1::int[]) order by id');
  const kept = () =>
    source.query<{ name: string; generic_plans: string }[]>(`select name, generic_plans from pg_prepared_statements`);

  it('are kept by their connection, and answer like others', async () => {
    await source.query(`insert into things values (1, 'one'), (2, 'two')`);
    for (const ids of [[1], [2, 1], [3], []]) {
      const rows = await source.query<{ id: number }[]>(byIds, [ids]);
      expect(rows.map(({ id }) => id)).toEqual(ids.filter((id) => id < 3).sort());
    }
    await source.query('select name from things where id = $1', [1]);
    expect((await kept()).map(({ name }) => name)).toEqual([preparedName(byIds)]);
    expect(prepared(byIds)).toBe(byIds);
  });

  it('are planned once, and find rows by their index though the table was empty then', async () => {
    for (let time = 0; time < 12; time += 1) await source.query(byIds, [Array.from({ length: 20 }, (_, id) => id)]);
    const [statement] = await kept();
    expect(Number(statement?.generic_plans)).toBeGreaterThan(0);
    await source.query(`insert into things select n, 'many' from generate_series(1, 20000) n`);
    const plan = await source.query<{ 'QUERY PLAN': string }[]>(
      `explain (costs off) execute "${statement!.name}"('{1,2}')`,
    );
    const text = plan.map((line) => line['QUERY PLAN']).join('\n');
    expect(text).toContain('things_pkey');
    expect(text).not.toContain('Seq Scan');
  });

  it('outlive a column that is added', async () => {
    await source.query(byIds, [[1]]);
    await source.query(`alter table things add column more text not null default ''`);
    await source.query(`insert into things values (1, 'one')`);
    expect(await source.query(byIds, [[1]])).toEqual([{ id: 1, name: 'one' }]);
  });

  it('that fail leave the connection as it was', async () => {
    const failing = prepared('select 1 / $1::int as answer');
    await expect(source.query(failing, [0])).rejects.toThrow('division by zero');
    const unknown = prepared('select nothing from things where id = $1');
    await expect(source.query(unknown, [0])).rejects.toThrow('does not exist');
    await source.query('alter table things add column nothing int');
    expect(await source.query(unknown, [0])).toEqual([]);
    expect(await source.query(failing, [1])).toEqual([{ answer: 1 }]);
  });
});

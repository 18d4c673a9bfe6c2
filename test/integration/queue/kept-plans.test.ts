import { type QueryRunner } from 'typeorm';
import { escapeLiteral } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { preparedName } from '../../../src/database/prepared-statements.js';
import { nodesOf, type Plan } from '../../support/query-plans.js';
import { here, PullBench } from './pull-bench.js';

type Value = string | number | null | (string | number)[];

interface Sent {
  statement: string;
  parameters: Value[];
}

function literal(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return escapeLiteral(`{${value.map((item) => `"${item}"`).join(',')}}`);
  return typeof value === 'string' ? escapeLiteral(value) : String(value);
}

describe('plans that are made while the queue is empty, and kept', () => {
  const bench = new PullBench();

  /** The prepared statements that `work` sends. */
  async function sentBy(work: () => Promise<unknown>): Promise<Sent[]> {
    const query = vi.spyOn(bench.process.database, 'query');
    try {
      await work();
      return query.mock.calls
        .filter(([statement]) => preparedName(statement) !== undefined)
        .map(([statement, parameters = []]) => ({ statement, parameters: parameters as Value[] }));
    } finally {
      query.mockRestore();
    }
  }

  async function explained(runner: QueryRunner, name: string, parameters: readonly Value[]): Promise<Plan> {
    await runner.startTransaction();
    try {
      const given = parameters.length === 0 ? '' : `(${parameters.map(literal).join(', ')})`;
      const [row] = (await runner.query(`explain (analyze, buffers, format json) execute ${name}${given}`)) as {
        'QUERY PLAN': { Plan: Plan }[];
      }[];
      return row!['QUERY PLAN'][0]!.Plan;
    } finally {
      await runner.rollbackTransaction();
    }
  }

  it('still find rows by index when it is full', async () => {
    const { pull, leases, acks } = bench.process;
    const [id, other] = await bench.publish(2);
    const lease = { limit: 1, leaseSeconds: 60 };
    const sent = await sentBy(async () => {
      const { rows } = await pull.claim(lease, here);
      await acks.acknowledge(rows.map((row) => ({ id: row.id, leaseToken: row.leaseToken! })));
      await acks.acknowledge(
        Array.from({ length: 60 }, () => ({ id: id!, leaseToken: '00000000-0000-4000-8000-000000000000' })),
      );
      await pull.claim({ limit: 50, usersOnly: true, maxAttempts: 3 }, here);
      await pull.claim({ limit: 50, leaseSeconds: 60 }, here);
      await pull.look({ limit: 50 });
      await pull.mark(other!, { sent: true }).catch(() => undefined);
      await leases.claim(50, 60);
      await leases.secondsUntilDue();
    });
    expect(sent.length).toBeGreaterThanOrEqual(9);
    await bench.rows('truncate notifications');

    const runner = bench.process.database.createQueryRunner();
    try {
      await runner.query('set plan_cache_mode = force_generic_plan');
      for (const [index, { statement, parameters }] of sent.entries()) {
        await runner.query(`prepare kept_${index} as ${statement}`);
        await explained(runner, `kept_${index}`, parameters);
      }
      await bench.rows(
        `insert into notifications (target, type, payload, nonce, publisher, delivery, state, delivered_at)
         select '{"userId":"10000"}', 'x', '{}', 'n' || n, 't', case when n % 2 = 0 then 'pull' else 'push' end,
           case when n % 10 = 0 then 'pending' else 'delivered' end, case when n % 10 > 0 then now() end
         from generate_series(1, 50000) n`,
      );
      for (const [index, { statement, parameters }] of sent.entries()) {
        const nodes = nodesOf(await explained(runner, `kept_${index}`, parameters));
        const reads = nodes.filter((node) => node['Relation Name'] === 'notifications');
        expect(
          reads.filter((node) => node['Node Type'] === 'Seq Scan'),
          statement,
        ).toEqual([]);
        for (const node of reads) expect(node['Rows Removed by Filter'] ?? 0, statement).toBeLessThan(200);
      }
      for (const index of sent.keys()) await runner.query(`deallocate kept_${index}`);
      await runner.query('reset plan_cache_mode');
    } finally {
      await runner.release();
    }
  }, 120_000);
});

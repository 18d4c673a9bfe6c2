import { describe, expect, it, vi } from 'vitest';
import { here, PullBench } from './pull-bench.js';

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Plan[];
}

const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)];

describe('what a poll costs', () => {
  const bench = new PullBench();

  /** The statements that `work` sends, each explained as it runs, and undone. */
  async function plansOf(work: () => Promise<unknown>): Promise<Plan[]> {
    const { database } = bench.process;
    const query = vi.spyOn(database, 'query');
    const sent = await work()
      .then(() => query.mock.calls.map(([statement, parameters]) => ({ statement, parameters })))
      .finally(() => query.mockRestore());
    expect(sent.length).toBeGreaterThan(0);
    const plans: Plan[] = [];
    for (const { statement, parameters } of sent) {
      const runner = database.createQueryRunner();
      try {
        await runner.startTransaction();
        const [row] = (await runner.query(
          `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`,
          parameters as unknown[],
        )) as { 'QUERY PLAN': { Plan: Plan }[] }[];
        plans.push(row!['QUERY PLAN'][0]!.Plan);
      } finally {
        await runner.rollbackTransaction();
        await runner.release();
      }
    }
    return plans;
  }

  /** Pages of the database that were touched. */
  const pages = (plans: Plan[]) =>
    plans.reduce((sum, plan) => sum + plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], 0);

  const polls = {
    'by an old consumer': () => bench.process.pull.claim({ limit: 50, usersOnly: true }, here),
    'with max_attempts': () => bench.process.pull.claim({ limit: 50, usersOnly: true, maxAttempts: 3 }, here),
    'under a named lease': () => bench.process.pull.claim({ limit: 50, leaseSeconds: 60 }, here),
    'that only looks': () => bench.process.pull.look({ limit: 50 }),
    'of our own workers': () => bench.process.leases.claim(50, 60),
    'of our own workers, for the time': () => bench.process.leases.secondsUntilDue(),
  };

  async function costs(): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const [name, poll] of Object.entries(polls)) found[name] = pages(await plansOf(poll));
    return found;
  }

  it('is the same with nothing and with 100 000 notifications done, pushed and pulled', async () => {
    await bench.rows('analyze notifications');
    const before = await costs();
    // Every second one pulled, every tenth one dead after all its tries.
    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher, delivery, state, attempts, delivered_at, dead_at)
       select '{"userId":"10000"}', 'x', '{}', 'n' || n, 't', case when n % 2 = 0 then 'pull' else 'push' end,
         case when n % 10 < 2 then 'dead' else 'delivered' end, 3,
         case when n % 10 >= 2 then now() end, case when n % 10 < 2 then now() end
       from generate_series(1, 100000) n`,
    );
    await bench.rows('analyze notifications');
    const after = await costs();
    for (const [name, cost] of Object.entries(after)) {
      // Dead ones are passed over in their index, which has 55 pages.
      const more = name === 'with max_attempts' ? 100 : 10;
      expect(cost, name).toBeLessThanOrEqual(before[name]! + more);
    }

    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher, delivery)
       select '{"userId":"10000"}', 'x', '{}', 'p' || n, 't', case when n % 2 = 0 then 'pull' else 'push' end
       from generate_series(1, 400) n`,
    );
    await bench.rows('analyze notifications');
    for (const [name, poll] of Object.entries(polls)) {
      const nodes = (await plansOf(poll)).flatMap(flat).filter((node) => node['Relation Name'] === 'notifications');
      expect(
        nodes.map((node) => node['Node Type']).filter((type) => type === 'Seq Scan'),
        name,
      ).toEqual([]);
      for (const node of nodes) expect(node['Rows Removed by Filter'] ?? 0, name).toBeLessThan(10);
    }
  }, 120_000);

  it('passes over those that wait for their time without reading them', async () => {
    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher, delivery, not_before)
       select '{"userId":"10000"}', 'x', '{}', 'n' || n, 't', 'pull', now() + interval '1 hour'
       from generate_series(1, 20000) n`,
    );
    const id = (await bench.publish())[0];
    await bench.rows('analyze notifications');
    const nodes = (await plansOf(() => bench.process.pull.look({ limit: 50 }))).flatMap(flat);
    const scan = nodes.find((node) => node['Index Name'] === 'notifications_pulled');
    expect(scan).toBeDefined();
    expect(scan!['Rows Removed by Filter'] ?? 0).toBe(0);
    expect(await bench.claimedIds()).toEqual([id]);
  }, 60_000);
});

import { type DataSource } from 'typeorm';
import { expect, vi } from 'vitest';

export interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Rows Removed by Filter'?: number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Plan[];
}

/** The statements that `work` sends, each explained as it runs, and undone. */
export async function plansOf(database: DataSource, work: () => Promise<unknown>): Promise<Plan[]> {
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

/** A plan and all within it. */
export function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** Pages of the database that were touched. */
export function pagesOf(plans: readonly Plan[]): number {
  return plans.reduce((sum, plan) => sum + plan['Shared Hit Blocks'] + plan['Shared Read Blocks'], 0);
}

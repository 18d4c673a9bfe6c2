import { describe, expect, it } from 'vitest';
import { nodesOf, pagesOf, plansOf } from '../../support/query-plans.js';
import { here, PullBench } from './pull-bench.js';

describe('what a poll costs', () => {
  const bench = new PullBench();

  const explained = (work: () => Promise<unknown>) => plansOf(bench.process.database, work);

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
    for (const [name, poll] of Object.entries(polls)) found[name] = pagesOf(await explained(poll));
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
      // Dead ones are passed over in their index, which has 55 pages; our workers look into ten parts of indexes.
      const more = name === 'with max_attempts' ? 100 : 25;
      expect(cost, name).toBeLessThanOrEqual(before[name]! + more);
    }

    await bench.rows(
      `insert into notifications (target, type, payload, nonce, publisher, delivery)
       select '{"userId":"10000"}', 'x', '{}', 'p' || n, 't', case when n % 2 = 0 then 'pull' else 'push' end
       from generate_series(1, 400) n`,
    );
    await bench.rows('analyze notifications');
    for (const [name, poll] of Object.entries(polls)) {
      const nodes = (await explained(poll))
        .flatMap(nodesOf)
        .filter((node) => node['Relation Name'] === 'notifications');
      expect(
        nodes.map((node) => node['Node Type']).filter((type) => type === 'Seq Scan'),
        name,
      ).toEqual([]);
      // What workers hold is little, whichever way it goes.
      const walked = nodes.filter((node) => node['Index Name'] !== 'notifications_leases');
      for (const node of walked) expect(node['Rows Removed by Filter'] ?? 0, name).toBeLessThan(10);
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
    const nodes = (await explained(() => bench.process.pull.look({ limit: 50 }))).flatMap(nodesOf);
    const scan = nodes.find((node) => node['Index Name'] === 'notifications_pulled');
    expect(scan).toBeDefined();
    expect(scan!['Rows Removed by Filter'] ?? 0).toBe(0);
    expect(await bench.claimedIds()).toEqual([id]);
  }, 60_000);

  it.each([
    ['elsewhere', '{"userId":"10000"}', '{"endpoint":"we_x"}', { discord: 0, elsewhere: 50 }],
    ['to Discord', '{"endpoint":"we_x"}', '{"webhookId":"10000"}', { discord: 50, elsewhere: 0 }],
  ])(
    'finds what goes %s without walking over what waits for the other way',
    async (_way, many, few, places) => {
      const look = () => bench.process.leases.claim(places, 60);
      const ask = () => bench.process.leases.secondsUntilDue(places);
      await bench.rows(
        `insert into notifications (target, type, payload, nonce, publisher, priority)
         select $1::jsonb, 'x', '{}', 'many' || n, 't', n % 4 from generate_series(1, 100000) n`,
        [many],
      );
      const costs = async (most: number) => {
        const plans = [...(await explained(look)), ...(await explained(ask))];
        const found = plans.flatMap(nodesOf).filter((node) => node['Relation Name'] === 'notifications');
        for (const node of found) expect(node['Rows Removed by Filter'] ?? 0).toBeLessThan(10);
        expect(pagesOf(plans)).toBeLessThan(most);
      };
      // Without statistics, and with them.
      await costs(100);
      await bench.rows('analyze notifications');
      await costs(100);
      await bench.rows(
        `insert into notifications (target, type, payload, nonce, publisher)
         select $1::jsonb, 'x', '{}', 'few' || n, 't' from generate_series(1, 200) n`,
        [few],
      );
      // Each of fifty rows is found, locked and written into its indexes.
      await costs(2_000);
      await bench.rows('analyze notifications');
      await costs(2_000);
    },
    120_000,
  );
});

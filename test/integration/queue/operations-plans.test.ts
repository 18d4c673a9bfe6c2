import { describe, expect, it } from 'vitest';
import { nodesOf, pagesOf, plansOf } from '../../support/query-plans.js';
import { OperationsBench } from './operations-bench.js';

describe('what operators cost', () => {
  const bench = new OperationsBench();

  const explained = (work: () => Promise<unknown>) => plansOf(bench.observer.database, work);

  const counting = {
    stats: () => bench.operations.stats(),
    'the dialect’s stats': () => bench.observer.inspection.counts(),
    'the retention of what was delivered': () => bench.retention.deleteEnded('delivered', 7),
    'the retention of what is dead': () => bench.retention.deleteEnded('dead', 30),
    'the retention of what was superseded': () => bench.retention.deleteEnded('superseded', 7),
    'a list of what waits': () => bench.listing.list({ state: 'pending', limit: 200 }),
    'a list of what is being delivered': () => bench.listing.list({ state: 'leased', limit: 200 }),
  };
  /** These read what they give, or what they look at: 10 000 rows, here of about 40 to a page. */
  const listing = {
    all: [() => bench.listing.list({ limit: 50 }), 60],
    delivered: [() => bench.listing.list({ state: 'delivered', limit: 50 }), 400],
    dead: [() => bench.listing.list({ state: 'dead', limit: 50 }), 60],
    unknown: [() => bench.listing.list({ state: 'unknown', limit: 50 }), 60],
    'dead of a type': [() => bench.listing.list({ state: 'dead', type: 'none', limit: 50 }), 1_000],
    'of a destination': [() => bench.listing.list({ destination: 'user:1', limit: 50 }), 1_000],
    'of a route': [() => bench.listing.list({ route: 'none', limit: 50 }), 1_000],
    'of a publisher': [() => bench.listing.list({ publisher: 'none', limit: 50 }), 1_000],
  } as const;

  it('is the same with nothing and with 100 000 notifications ended', async () => {
    await bench.rows('analyze notifications');
    const before: Record<string, number> = {};
    for (const [name, work] of Object.entries(counting)) before[name] = pagesOf(await explained(work));
    await bench.seed(5_000, 'delivered');
    await bench.seed(15_000, 'dead');
    await bench.seed(3_000, 'superseded');
    await bench.seed(2_000, 'unknown');
    await bench.seed(75_000, 'delivered');
    await bench.tallies.fold();
    await bench.rows('vacuum analyze notifications, notification_tally_changes, notification_tallies');
    for (const [name, work] of Object.entries(counting)) {
      const plans = await explained(work);
      expect(pagesOf(plans), name).toBeLessThanOrEqual(before[name]! + 15);
      const nodes = plans.flatMap(nodesOf).filter((node) => node['Relation Name'] === 'notifications');
      expect(
        nodes.map((node) => node['Node Type']),
        name,
      ).not.toContain('Seq Scan');
    }
    for (const [name, [work, most]] of Object.entries(listing)) {
      const plans = await explained(work);
      expect(pagesOf(plans), name).toBeLessThanOrEqual(most);
      const nodes = plans.flatMap(nodesOf).filter((node) => node['Relation Name'] === 'notifications');
      expect(
        nodes.map((node) => node['Node Type']),
        name,
      ).not.toContain('Seq Scan');
    }
  }, 180_000);

  it('of a batch of a redrive does not grow with what there is', async () => {
    await bench.seed(60_000, 'delivered');
    await bench.seed(20_000, 'dead', { delivery: `'pull'` });
    await bench.seed(1, 'dead', { delivery: `'pull'`, type: `'rare'` });
    await bench.rows('vacuum analyze notifications');
    const job = await bench.jobs.redrive({ ofState: 'dead' });
    const plain = await explained(() => bench.jobRepository.step(job));
    const rare = await explained(() => bench.jobRepository.step({ ...job, type: 'rare' }));
    const nodes = [...plain, ...rare].flatMap(nodesOf).filter((node) => node['Relation Name'] === 'notifications');
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Seq Scan');
    // 500 rows, each with the entries of its indexes; and a look at 10 000.
    expect(pagesOf(plain)).toBeLessThan(20_000);
    expect(pagesOf(rare)).toBeLessThan(3_000);
  }, 180_000);
});

// The peer: jobs in Postgres, with the same payload.
import PgBoss from 'pg-boss';
import { payload } from './payload.mjs';

const queue = 'notifications';

/** @param url of an empty database */
export async function openPgBoss(url) {
  const boss = new PgBoss({ connectionString: url, max: 10, supervise: false, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue(queue);
  const data = (index) => ({ user: String(100_000_000 + (index % 1_000)), type: 'backup_error', payload });
  return {
    name: 'pg-boss',
    enqueue: async (from, count) => {
      if (count === 1) await boss.send(queue, data(from));
      else await boss.insert(Array.from({ length: count }, (_, index) => ({ name: queue, data: data(from + index) })));
    },
    /** Answers how many there were. */
    claimAndAck: async (count) => {
      const jobs = await boss.fetch(queue, { batchSize: count });
      if (jobs.length > 0) {
        await boss.complete(
          queue,
          jobs.map(({ id }) => id),
        );
      }
      return jobs.length;
    },
    close: () => boss.stop({ graceful: false }),
  };
}

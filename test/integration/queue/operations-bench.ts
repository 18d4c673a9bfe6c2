import { afterEach, beforeAll } from 'vitest';
import { ListingRepository } from '../../../src/queue/operations/listing.repository.js';
import { QueueJobRepository } from '../../../src/queue/operations/queue-job.repository.js';
import { QueueJobs } from '../../../src/queue/operations/queue-jobs.js';
import { QueueOperations } from '../../../src/queue/operations/queue-operations.js';
import { RetentionRepository } from '../../../src/queue/operations/retention.repository.js';
import { TallyRepository } from '../../../src/queue/operations/tally.repository.js';
import { QueueBench } from './queue-fixture.js';

export const person = '100000000000000001';

/** What operators have in hand, on the database of a bench. */
export class OperationsBench extends QueueBench {
  tallies!: TallyRepository;
  listing!: ListingRepository;
  retention!: RetentionRepository;
  jobRepository!: QueueJobRepository;
  jobs!: QueueJobs;
  operations!: QueueOperations;

  constructor() {
    super();
    beforeAll(() => {
      const { database } = this.observer;
      this.tallies = new TallyRepository(database);
      this.listing = new ListingRepository(database);
      this.retention = new RetentionRepository(database);
      this.jobRepository = new QueueJobRepository(database);
      this.jobs = new QueueJobs(this.jobRepository);
      this.operations = new QueueOperations(this.tallies, this.listing);
    });
    afterEach(async () => {
      await this.rows('truncate notification_jobs restart identity');
    });
  }

  /** `count` rows in a state, `columns` beside the usual ones; `n` counts them. Answers their ids. */
  async seed(count: number, state: string, columns: Record<string, string> = {}): Promise<string[]> {
    const all: Record<string, string> = {
      target: `'{"userId":"${person}"}'`,
      type: `'backup_error'`,
      payload: `'{}'`,
      nonce: `'n' || n`,
      publisher: `'tester'`,
      state: `'${state}'`,
      delivered_at: state === 'delivered' ? 'now()' : 'null',
      dead_at: ['dead', 'unknown', 'superseded'].includes(state) ? 'now()' : 'null',
      ...columns,
    };
    const rows = await this.rows<{ id: string }>(
      `insert into notifications (${Object.keys(all).join(', ')})
       select ${Object.values(all).join(', ')} from generate_series(1, ${count}) n order by n returning id`,
    );
    return rows.map(({ id }) => id);
  }
}

import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions, migrate } from '../../../src/database/migrated-data-source.js';
import { RemoteEventsRepository } from '../../../src/queue/sources/remote-events.repository.js';
import { createTestDatabase } from '../../support/test-database.js';

describe('the tables of remote sources', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let source: DataSource;
  let repository: RemoteEventsRepository;

  beforeAll(async () => {
    database = await createTestDatabase();
    await migrate(database);
    source = await new DataSource(dataSourceOptions(database)).initialize();
    repository = new RemoteEventsRepository(source);
  });
  afterEach(() => source.query('truncate notifications, notification_attempts, remote_events, remote_sources'));
  afterAll(async () => {
    await source.destroy();
    await database.drop();
  });

  const offer = (id: number, fault: string | null = null) => ({
    key: `${id}@then`,
    remoteId: String(id),
    leaseToken: null,
    fault,
  });
  const keys = async (): Promise<string[]> => (await repository.dueMarks('home', 10)).map(({ key }) => key);

  it('count what is new once', async () => {
    expect(await repository.note('home', [offer(1), offer(2, 'bad')], 900)).toEqual({ fresh: 2, malformed: 1 });
    expect(await repository.note('home', [offer(2, 'bad'), offer(3)], 900)).toEqual({ fresh: 1, malformed: 0 });
    expect(await repository.note('other', [offer(1)], 900)).toEqual({ fresh: 1, malformed: 0 });
    expect(await repository.note('home', [], 900)).toEqual({ fresh: 0, malformed: 0 });
    expect(await repository.figures(['home'])).toMatchObject([{ polled: 3, malformed: 1, waiting: 2, untold: 1 }]);
  });

  it('keep a mark due whose event has ended otherwise while it was told', async () => {
    await repository.note('home', [offer(1, 'bad'), offer(2, 'bad')], 900);
    const [first, second] = await repository.dueMarks('home', 10);
    await repository.refuse('home', first!.key, 'another end');
    await repository.settle('home', first!);
    await repository.settle('home', second!);
    expect(await repository.dueMarks('home', 10)).toMatchObject([{ key: first!.key, reason: 'another end' }]);
    expect(await repository.figures(['home'])).toMatchObject([{ failed: 1, untold: 1 }]);
    // Heard twice, counted once.
    await repository.settle('home', second!);
    expect(await repository.figures(['home'])).toMatchObject([{ failed: 1, untold: 1 }]);
  });

  it('let other marks pass one that is answered amiss', async () => {
    await repository.note('home', [offer(1, 'bad'), offer(2, 'bad')], 900);
    const [first] = await repository.dueMarks('home', 10);
    await repository.putOff('home', first!);
    expect(await keys()).toEqual(['2@then']);
    await source.query(`update remote_events set not_before = not_before - interval '1 second'`);
    expect(await repository.dueMarks('home', 10)).toMatchObject([{ key: '1@then', failures: 1 }, { key: '2@then' }]);
  });

  it('forget what was told, and was last offered, long ago, and nothing else', async () => {
    await repository.note('home', [offer(1, 'bad'), offer(2, 'bad'), offer(3, 'bad'), offer(4), offer(5, 'bad')], 900);
    await source.query(`update remote_events set notification_id = 1 where remote_id = '4'`);
    const [one, two, three] = await repository.dueMarks('home', 10);
    for (const mark of [one, two, three]) await repository.settle('home', mark!);
    await source.query(`update remote_events set offered_at = now() - interval '31 days' where remote_id <> '2'`);
    await source.query(`update remote_events set marked_at = now() - interval '31 days' where remote_id in ('1', '2')`);
    await repository.forget('home');
    const left = await source.query<{ id: string }[]>('select remote_id as id from remote_events order by remote_id');
    // Offered lately, told lately, under way, untold.
    expect(left.map(({ id }) => id)).toEqual(['2', '3', '4', '5']);
  });

  it('forget what never came into the queue and is not offered any more, lest it takes the room of others for ever', async () => {
    await repository.note('home', [offer(1), offer(2), offer(3)], 900);
    await source.query(
      `insert into notifications (target, type, payload, nonce, publisher, idempotency_key)
       values ('{"userId":"10000"}', 'x', '{}', 'n', 'source:home', '2@then')`,
    );
    await source.query(`update remote_events set offered_at = now() - interval '25 hours' where remote_id <> '3'`);
    await repository.forget('home');
    const left = await source.query<{ id: string }[]>('select remote_id as id from remote_events order by remote_id');
    // In the queue though it was not noted, offered lately.
    expect(left.map(({ id }) => id)).toEqual(['2', '3']);
    expect(await repository.countOpen('home')).toBe(2);
  });

  it.each([
    ['delivered', 'processed'],
    ['superseded', 'processed'],
    ['dead', 'failed'],
    ['unknown', 'failed'],
  ])('know by the statement itself that a notification is %s', async (state, outcome) => {
    await repository.note('home', [offer(1), offer(2)], 900);
    await source.query(
      `insert into notifications (target, type, payload, nonce, publisher, idempotency_key)
       values ('{"userId":"10000"}', 'x', '{}', 'n', 'source:home', '1@then'),
              ('{"userId":"10000"}', 'x', '{}', 'm', 'source:home', '2@then'),
              ('{"userId":"10000"}', 'x', '{}', 'o', 'home', '2@then')`,
    );
    await source.query(`update notifications set state = $1, reason = 'why' where nonce in ('n', 'o')`, [state]);
    expect(await repository.dueMarks('home', 10)).toMatchObject([{ key: '1@then', outcome, reason: 'why' }]);
    expect(await repository.countOpen('home')).toBe(2);
  });
});

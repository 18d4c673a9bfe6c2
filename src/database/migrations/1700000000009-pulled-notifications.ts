import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Each queue, pushed and pulled, has indexes of its own, so that neither is walked for the other's sake. */
export class PulledNotifications1700000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table notifications
        add column delivery text not null default 'push' check (delivery in ('push', 'pull')),
        add column lease_batch uuid null,
        add column consumer text null`);
    await runner.query(`drop index notifications_due`);
    await runner.query(`drop index notifications_leases`);
    await runner.query(`
      create index notifications_due on notifications (not_before, id) where state = 'pending' and delivery = 'push'`);
    await runner.query(`
      create index notifications_leases on notifications (lease_until) where state = 'leased' and delivery = 'push'`);
    // With what decides whether a row is offered, so that those that wait for their time are passed over in the index.
    await runner.query(`
      create index notifications_pulled on notifications (id, not_before, attempts)
        where state = 'pending' and delivery = 'pull'`);
    await runner.query(`
      create index notifications_pull_leases on notifications (lease_until) where state = 'leased' and delivery = 'pull'`);
    await runner.query(`
      create index notifications_lease_batches on notifications (lease_batch) where lease_batch is not null`);
    await runner.query(`create index notifications_dead on notifications (id, attempts) where state = 'dead'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['dead', 'lease_batches', 'pull_leases', 'pulled', 'leases', 'due']) {
      await runner.query(`drop index notifications_${name}`);
    }
    await runner.query(`alter table notifications drop column consumer, drop column lease_batch, drop column delivery`);
    await runner.query(`create index notifications_due on notifications (not_before, id) where state = 'pending'`);
    await runner.query(`create index notifications_leases on notifications (lease_until) where state = 'leased'`);
  }
}

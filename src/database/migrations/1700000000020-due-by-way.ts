import { type MigrationInterface, type QueryRunner } from 'typeorm';

const offered = `state = 'pending' and delivery = 'push' and held is null and not behind`;

/** What goes to Discord waits in one part of the index and the rest in another, so that neither hides the other. */
export class DueByWay1700000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`drop index notifications_due`);
    await runner.query(`
      create index notifications_due on notifications
        ((target ?| array['userId', 'channelId', 'webhookId']), priority, not_before, id) where ${offered}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop index notifications_due`);
    await runner.query(`create index notifications_due on notifications (priority, not_before, id) where ${offered}`);
  }
}

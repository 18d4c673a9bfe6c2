import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Targets with a secret, and notifications of which nobody knows whether they arrived. */
export class NotificationTargets1700000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table notifications
        add column target_secret text null,
        add column begun_at timestamptz null,
        drop constraint notifications_state_check,
        add constraint notifications_state_check
          check (state in ('pending', 'leased', 'delivered', 'dead', 'unknown'))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`update notifications set state = 'dead' where state = 'unknown'`);
    await runner.query(`
      alter table notifications
        drop column target_secret,
        drop column begun_at,
        drop constraint notifications_state_check,
        add constraint notifications_state_check check (state in ('pending', 'leased', 'delivered', 'dead'))`);
  }
}

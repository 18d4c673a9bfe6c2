import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Tries go with their notifications by one statement for all that are deleted together. A foreign key would look up the
 * notification again for each try that is noted, which is as dear as noting it.
 */
export class AttemptsOfNotifications1700000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table notification_attempts drop constraint notification_attempts_notification_id_fkey`);
    await runner.query(`
      create function notifications_take_attempts_along() returns trigger language plpgsql as $$
      begin
        delete from notification_attempts where notification_id in (select id from gone);
        return null;
      end $$`);
    await runner.query(`
      create trigger notifications_take_attempts_along after delete on notifications
      referencing old table as gone for each statement execute function notifications_take_attempts_along()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop trigger notifications_take_attempts_along on notifications`);
    await runner.query(`drop function notifications_take_attempts_along`);
    await runner.query(`
      delete from notification_attempts where notification_id not in (select id from notifications)`);
    await runner.query(`
      alter table notification_attempts add constraint notification_attempts_notification_id_fkey
        foreign key (notification_id) references notifications (id) on delete cascade`);
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class NotificationTemplates1700000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table notification_templates (
        type text not null check (type ~ '^[A-Za-z0-9_.:-]{1,64}$'),
        locale text not null check (locale in ('es', 'en')),
        body jsonb not null,
        revision uuid not null default gen_random_uuid(),
        updated_at timestamptz not null default now(),
        last_error text null,
        last_error_at timestamptz null,
        primary key (type, locale)
      )`);
    // Another revision with each change of the body, whoever makes it: a late word about the former is not taken for it.
    await runner.query(`
      create function renew_template() returns trigger language plpgsql as $$
      begin
        new.revision := gen_random_uuid();
        new.updated_at := now();
        new.last_error := null;
        new.last_error_at := null;
        return new;
      end $$`);
    await runner.query(`
      create trigger notification_templates_renewed before update of body on notification_templates
      for each row execute function renew_template()`);
    await runner.query(`
      create trigger notification_templates_told
      after insert or update of body or delete or truncate on notification_templates
      for each statement execute function tell_of_change()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table notification_templates`);
    await runner.query(`drop function renew_template`);
  }
}

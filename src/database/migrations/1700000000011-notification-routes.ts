import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Names for where and how notifications go. A route that is paused holds its rows back, whoever writes them: the trigger
 * looks at each row that begins to wait. Its shared lock and the exclusive one of who pauses or resumes make either wait for
 * the other, so that no row slips through and none is held for ever.
 */
export class NotificationRoutes1700000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table notification_routes (
        name text primary key check (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
        description text not null default '',
        target jsonb not null,
        target_secret text null,
        fallback jsonb null,
        fallback_secret text null,
        guild_id text null,
        delivery text null check (delivery in ('push', 'pull')),
        priority text null check (priority in ('low', 'normal', 'high', 'critical')),
        locale text null,
        hook_secrets jsonb not null default '{}',
        paused_at timestamptz null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      )`);
    await runner.query(`
      create index notifications_of_route on notifications (route) where state = 'pending' and route is not null`);
    await runner.query(`
      create function notification_waits_for_route() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared(hashtextextended('guildcast.route.' || new.route, 0));
        new.held := case when exists (
          select from notification_routes where name = new.route and paused_at is not null) then 'paused' end;
        return new;
      end $$`);
    // Fires after the triggers that may end the row instead: triggers go by their names.
    await runner.query(`
      create trigger notifications_wait_for_route before insert or update of state, held on notifications for each row
      when (new.state = 'pending' and new.route is not null and (new.held is null or new.held = 'paused'))
      execute function notification_waits_for_route()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop trigger notifications_wait_for_route on notifications`);
    await runner.query(`drop function notification_waits_for_route`);
    await runner.query(`update notifications set held = null where held = 'paused'`);
    await runner.query(`drop index notifications_of_route`);
    await runner.query(`drop table notification_routes`);
  }
}

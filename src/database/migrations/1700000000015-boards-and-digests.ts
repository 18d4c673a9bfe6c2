import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Which message in Discord shows the newest state of a collapse key, and how many notifications of a kind came within a
 * window. A row with a `flood_limit` counts; one beyond it is held until its window ends, which is its `not_before`.
 */
export class BoardsAndDigests1700000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // `nonce` is what the message was, or will be, sent by; without a `message_id` nobody noted yet that it is there.
    await runner.query(`
      create table notification_boards (
        id bigint generated always as identity primary key,
        collapse_key text not null,
        publisher text not null,
        destination text not null,
        message_id text null,
        nonce text not null,
        updated_at timestamptz not null default now(),
        unique (collapse_key, publisher, destination)
      )`);
    await runner.query(`create index notification_boards_age on notification_boards (updated_at)`);

    await runner.query(`
      create table notification_floods (
        publisher text not null,
        destination text not null,
        type text not null,
        ends_at timestamptz not null,
        count int not null,
        primary key (publisher, destination, type)
      ) with (fillfactor = 50)`);
    await runner.query(`
      alter table notifications
        add column flood_limit int null check (flood_limit > 0),
        add column flood_seconds int null check (flood_seconds > 0)`);
    await runner.query(`
      create index notifications_digest_due on notifications (not_before)
        where state = 'pending' and held = 'digest'`);
    await runner.query(`
      create index notifications_digest_kinds on notifications (publisher, destination, type, not_before)
        where state = 'pending' and held = 'digest'`);
    // After the insert: what an idempotency key turned away counts nothing. The row of the counter makes publishers of
    // one kind see each other; without a limit the trigger does not run.
    await runner.query(`
      create function notification_counts_flood() returns trigger language plpgsql as $$
      declare counted int;
      declare window_end timestamptz;
      begin
        insert into notification_floods as flood (publisher, destination, type, ends_at, count)
        values (new.publisher, new.destination, new.type, now() + make_interval(secs => new.flood_seconds), 1)
        on conflict (publisher, destination, type) do update
        set count = case when flood.ends_at <= now() then 1 else flood.count + 1 end,
            ends_at = case when flood.ends_at <= now() then excluded.ends_at else flood.ends_at end
        returning count, ends_at into counted, window_end;
        if counted > new.flood_limit then
          update notifications set held = 'digest', not_before = window_end where id = new.id and held is null;
          if counted = new.flood_limit + 1 then perform pg_notify('guildcast_digests', ''); end if;
        end if;
        return null;
      end $$`);
    await runner.query(`
      create trigger notifications_count_flood after insert on notifications for each row
      when (new.flood_limit is not null and new.delivery = 'push' and new.state = 'pending' and new.held is null
            and new.priority < 3 and new.group_key is null and new.collapse_key is null
            and new.not_before <= now() and new.destination is not null and not new.target ? 'endpoint')
      execute function notification_counts_flood()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop trigger notifications_count_flood on notifications`);
    await runner.query(`drop function notification_counts_flood`);
    await runner.query(`update notifications set held = null where held = 'digest'`);
    await runner.query(`drop index notifications_digest_kinds`);
    await runner.query(`drop index notifications_digest_due`);
    await runner.query(`alter table notifications drop column flood_seconds, drop column flood_limit`);
    await runner.query(`drop table notification_floods`);
    await runner.query(`drop table notification_boards`);
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What was taken from other queues, and what they are still to be told. The outcome is written by the statement that ends
 * the notification itself, whichever that is: no crash comes between the two.
 */
export class RemoteSources1700000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table remote_sources (
        source text primary key,
        polled bigint not null default 0,
        processed bigint not null default 0,
        failed bigint not null default 0,
        malformed bigint not null default 0,
        polled_at timestamptz null,
        error text null,
        error_at timestamptz null
      )`);
    await runner.query(`create sequence remote_event_ends`);
    await runner.query(`
      create table remote_events (
        source text not null,
        key text not null,
        remote_id text not null,
        notification_id bigint null,
        lease_token uuid null,
        lease_until timestamptz null,
        outcome text null check (outcome in ('processed', 'failed')),
        reason text null,
        ended bigint null,
        failures int not null default 0,
        not_before timestamptz not null default now(),
        marked_at timestamptz null,
        offered_at timestamptz not null default now(),
        primary key (source, key)
      )`);
    await runner.query(`
      create index remote_events_untold on remote_events (source, ended)
        where outcome is not null and marked_at is null`);
    await runner.query(
      `create index remote_events_open on remote_events (source, lease_until) where marked_at is null`,
    );
    await runner.query(
      `create index remote_events_told on remote_events (source, marked_at) where marked_at is not null`,
    );
    await runner.query(`
      create function end_remote_event() returns trigger language plpgsql as $$
      begin
        update remote_events
        set outcome = case when tg_op = 'UPDATE' and new.state in ('delivered', 'superseded') then 'processed' else 'failed' end,
            reason = case when tg_op = 'DELETE' then 'it was deleted before it was delivered' else new.reason end,
            ended = nextval('remote_event_ends'), failures = 0, not_before = now(), marked_at = null
        where source = substr(old.publisher, 8) and key = old.idempotency_key;
        perform pg_notify('guildcast_remote_events', substr(old.publisher, 8));
        return null;
      end $$`);
    await runner.query(`
      create trigger notifications_remote_end after update of state on notifications for each row
        when (old.state is distinct from new.state and starts_with(old.publisher, 'source:')
              and new.state in ('delivered', 'dead', 'unknown', 'superseded'))
        execute function end_remote_event()`);
    await runner.query(`
      create trigger notifications_remote_deletion after delete on notifications for each row
        when (starts_with(old.publisher, 'source:') and old.state in ('pending', 'leased'))
        execute function end_remote_event()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop trigger notifications_remote_deletion on notifications`);
    await runner.query(`drop trigger notifications_remote_end on notifications`);
    await runner.query(`drop function end_remote_event`);
    await runner.query(`drop table remote_events`);
    await runner.query(`drop sequence remote_event_ends`);
    await runner.query(`drop table remote_sources`);
  }
}

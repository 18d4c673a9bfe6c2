import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What operators need: how many rows have ended, without counting them; lists and retention that read no more than they
 * give; and what is done to many rows, with its progress.
 *
 * Ended rows are counted by changes that are only ever inserted, so that no two deliveries wait for one counter. They are
 * folded into the tallies every few seconds; the truth is always the sum of both.
 */
export class QueueOperations1700000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table notification_tallies (
        state text not null,
        kind text not null,
        count bigint not null,
        primary key (state, kind)
      )`);
    await runner.query(`
      create table notification_tally_changes (
        state text not null,
        kind text not null,
        change bigint not null,
        at timestamptz not null default now()
      )`);
    await runner.query(`
      create table notification_minutes (
        minute timestamptz not null,
        state text not null,
        count bigint not null,
        primary key (minute, state)
      )`);

    await runner.query(`
      create function notification_is_tallied() returns trigger language plpgsql as $$
      begin
        if tg_op = 'UPDATE' and old.state not in ('pending', 'leased') then
          insert into notification_tally_changes (state, kind, change)
          values (old.state, coalesce(split_part(old.destination, ':', 1), 'none'), -1);
        end if;
        if new.state not in ('pending', 'leased') then
          insert into notification_tally_changes (state, kind, change)
          values (new.state, coalesce(split_part(new.destination, ':', 1), 'none'), 1);
        end if;
        return null;
      end $$`);
    await runner.query(`
      create trigger notifications_tally_new after insert on notifications for each row
      when (new.state not in ('pending', 'leased')) execute function notification_is_tallied()`);
    await runner.query(`
      create trigger notifications_tally after update of state on notifications for each row
      when (old.state <> new.state
            and (old.state not in ('pending', 'leased') or new.state not in ('pending', 'leased')))
      execute function notification_is_tallied()`);
    await runner.query(`
      create function notification_tally_leaves() returns trigger language plpgsql as $$
      begin
        insert into notification_tally_changes (state, kind, change)
        select state, coalesce(split_part(destination, ':', 1), 'none'), -count(*) from gone
        where state not in ('pending', 'leased') group by 1, 2;
        return null;
      end $$`);
    await runner.query(`
      create trigger notifications_tally_gone after delete on notifications referencing old table as gone
      for each statement execute function notification_tally_leaves()`);
    await runner.query(`
      create function notification_tally_ends() returns trigger language plpgsql as $$
      begin
        delete from notification_tally_changes;
        delete from notification_tallies;
        delete from notification_minutes;
        return null;
      end $$`);
    await runner.query(`
      create trigger notifications_tally_nothing after truncate on notifications
      for each statement execute function notification_tally_ends()`);
    // Making the triggers has locked the table: nothing ends between them and this count.
    await runner.query(`
      insert into notification_tallies (state, kind, count)
      select state, coalesce(split_part(destination, ':', 1), 'none'), count(*) from notifications
      where state not in ('pending', 'leased') group by 1, 2`);

    await runner.query(`
      update notifications set dead_at = created_at
      where state in ('dead', 'unknown', 'superseded') and dead_at is null`);
    // By -id, newest first, and in a collation of its own: an index by state and id would tempt the planner to look for
    // due rows and lost leases in it.
    await runner.query(`
      create index notifications_undelivered on notifications (state collate "C", (-id)) where state <> 'delivered'`);
    await runner.query(`
      create index notifications_delivered on notifications (delivered_at) where state = 'delivered'`);
    await runner.query(`
      create index notifications_given_up on notifications (state, dead_at)
        where state in ('dead', 'unknown', 'superseded')`);
    await runner.query(`
      create index notifications_collapsing on notifications (lane, id) where collapse_key is not null`);

    await runner.query(`
      create table notification_jobs (
        id bigint generated always as identity primary key,
        kind text not null check (kind in ('redrive', 'purge')),
        state text not null default 'running' check (state in ('running', 'done', 'stopped')),
        of_state text not null check (of_state in ('dead', 'unknown', 'superseded')),
        of_type text null,
        of_destination text null,
        ended_from timestamptz null,
        ended_until timestamptz null,
        priority smallint null check (priority between 0 and 3),
        "position" bigint not null default 0,
        last bigint not null,
        total bigint not null,
        done bigint not null default 0,
        skipped bigint not null default 0,
        created_at timestamptz not null default now(),
        ended_at timestamptz null
      )`);
    await runner.query(`create index notification_jobs_running on notification_jobs (id) where state = 'running'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table notification_jobs`);
    for (const name of ['collapsing', 'given_up', 'delivered', 'undelivered']) {
      await runner.query(`drop index notifications_${name}`);
    }
    for (const name of ['nothing', 'gone', 'new']) {
      await runner.query(`drop trigger notifications_tally_${name} on notifications`);
    }
    await runner.query(`drop trigger notifications_tally on notifications`);
    for (const name of ['tally_ends', 'tally_leaves', 'is_tallied']) {
      await runner.query(`drop function notification_${name}`);
    }
    await runner.query(`drop table notification_minutes`);
    await runner.query(`drop table notification_tally_changes`);
    await runner.query(`drop table notification_tallies`);
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * The turn of a row in its lane is the one in which it got the lock of the lane. A row that had its id before the lock takes a
 * newer one, and a row that is tried anew sends those back that come after it and have not been claimed; where its collapse
 * key has come again, it stays as it is.
 */
export class LaneTurns1700000000023 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function notification_takes_turn() returns trigger language plpgsql as $$
      begin
        new.lane := notification_lane(new.publisher, new.group_key, new.collapse_key);
        perform pg_advisory_xact_lock(hashtextextended(new.lane, 0));
        if tg_op = 'INSERT' then
          if exists (
            select from notifications
            where lane = new.lane and state in ('pending', 'leased') and id > new.id
          ) then
            new.id := nextval(pg_get_serial_sequence('notifications', 'id'));
          end if;
        elsif new.state = 'pending' then
          if new.collapse_key is not null and exists (
            select from notifications
            where lane = new.lane and collapse_key = new.collapse_key and id > new.id
          ) then
            return null;
          end if;
          -- What somebody holds at this moment is being claimed, or ends.
          update notifications set behind = true
          where id in (
            select id from notifications
            where lane = new.lane and state = 'pending' and not behind and id > new.id
            for update skip locked);
        end if;
        new.behind := exists (
          select from notifications
          where lane = new.lane and state in ('pending', 'leased') and id < new.id);
        return new;
      end $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function notification_takes_turn() returns trigger language plpgsql as $$
      begin
        new.lane := notification_lane(new.publisher, new.group_key, new.collapse_key);
        perform pg_advisory_xact_lock(hashtextextended(new.lane, 0));
        new.behind := exists (
          select from notifications
          where lane = new.lane and state in ('pending', 'leased') and id < new.id);
        return new;
      end $$`);
  }
}

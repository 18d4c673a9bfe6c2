import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What publishers may ask for beside a target and a payload. `lane` names what must go out in its order: rows of one
 * lane are `behind` while an earlier one is neither delivered nor given up. Triggers see to it, whoever writes.
 */
export class NotificationOptions1700000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table notifications
        add column priority smallint not null default 1 check (priority between 0 and 3),
        add column expires_at timestamptz null,
        add column group_key text null,
        add column collapse_key text null,
        add column lane text null,
        add column behind boolean not null default false,
        add column held text null check (held in ('paused', 'off', 'digest')),
        add column fallback jsonb null,
        add column fallback_secret text null,
        add column route text null,
        add column message jsonb null,
        add column locale text null,
        add column superseded_by bigint null,
        add column confirmed_at timestamptz null,
        add column destination text generated always as (
          case when target ? 'userId' then 'user:' || (target ->> 'userId')
               when target ? 'channelId' then 'channel:' || (target ->> 'channelId')
               when target ? 'webhookId' then 'webhook:' || (target ->> 'webhookId')
                                              || coalesce('/' || (target ->> 'threadId'), '')
               when target ? 'endpoint' then 'endpoint:' || (target ->> 'endpoint') end) stored,
        drop constraint notifications_state_check,
        add constraint notifications_state_check
          check (state in ('pending', 'leased', 'delivered', 'dead', 'unknown', 'superseded'))`);
    await runner.query(`drop index notifications_due`);
    await runner.query(`
      create index notifications_due on notifications (priority, not_before, id)
        where state = 'pending' and delivery = 'push' and held is null and not behind`);
    await runner.query(`drop index notifications_pulled`);
    await runner.query(`
      create index notifications_pulled on notifications (id, not_before, attempts)
        where state = 'pending' and delivery = 'pull' and held is null and not behind`);
    await runner.query(`
      create index notifications_pull_expiry on notifications (expires_at)
        where state = 'pending' and delivery = 'pull' and expires_at is not null`);
    await runner.query(`
      create index notifications_lanes on notifications (lane, id)
        where lane is not null and state in ('pending', 'leased')`);
    await runner.query(`
      create index notifications_superseded on notifications (superseded_by) where superseded_by is not null`);

    await runner.query(`
      create function notification_lane(publisher text, group_key text, collapse_key text) returns text
      language sql immutable as $$
        select case when group_key is not null then publisher || ' group ' || group_key
                    when collapse_key is not null then publisher || ' board ' || collapse_key end
      $$`);
    // The lock of a lane makes an insert and the end of the one before see each other; statements of a volatile
    // function see what was committed while they waited for it.
    await runner.query(`
      create function notification_takes_turn() returns trigger language plpgsql as $$
      begin
        new.lane := notification_lane(new.publisher, new.group_key, new.collapse_key);
        perform pg_advisory_xact_lock(hashtextextended(new.lane, 0));
        new.behind := exists (
          select from notifications
          where lane = new.lane and state in ('pending', 'leased') and id < new.id);
        return new;
      end $$`);
    await runner.query(`
      create trigger notifications_take_turn before insert on notifications for each row
      when (new.group_key is not null or new.collapse_key is not null)
      execute function notification_takes_turn()`);
    await runner.query(`
      create trigger notifications_take_turn_again before update of state on notifications for each row
      when (old.lane is not null and old.state not in ('pending', 'leased') and new.state in ('pending', 'leased'))
      execute function notification_takes_turn()`);
    await runner.query(`
      create function notification_lets_next_go() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock(hashtextextended(old.lane, 0));
        update notifications set behind = false
        where behind and id = (
          select id from notifications where lane = old.lane and state in ('pending', 'leased') order by id limit 1);
        if found then perform pg_notify('guildcast_notifications', ''); end if;
        return null;
      end $$`);
    await runner.query(`
      create trigger notifications_let_next_go after update of state on notifications for each row
      when (old.lane is not null and old.state in ('pending', 'leased') and new.state not in ('pending', 'leased'))
      execute function notification_lets_next_go()`);
    await runner.query(`
      create trigger notifications_leave_lane after delete on notifications for each row
      when (old.lane is not null and old.state in ('pending', 'leased'))
      execute function notification_lets_next_go()`);
    // Of one collapse key only the newest still goes out; what is being sent at the moment is left alone.
    await runner.query(`
      create function notification_supersedes() returns trigger language plpgsql as $$
      begin
        update notifications
        set state = 'superseded', superseded_by = new.id, dead_at = now(), target_secret = null,
            fallback_secret = null, reason = 'a newer notification took its place'
        where lane = new.lane and publisher = new.publisher and collapse_key = new.collapse_key
          and state = 'pending' and id < new.id;
        return null;
      end $$`);
    await runner.query(`
      create trigger notifications_supersede after insert on notifications for each row
      when (new.collapse_key is not null) execute function notification_supersedes()`);
    // What failed is not tried again once a newer one has come.
    await runner.query(`
      create function notification_is_superseded() returns trigger language plpgsql as $$
      declare newer bigint;
      begin
        perform pg_advisory_xact_lock(hashtextextended(old.lane, 0));
        select max(id) into newer from notifications
        where lane = old.lane and publisher = old.publisher and collapse_key = old.collapse_key
          and state = 'pending' and id > old.id;
        if newer is not null then
          new.state := 'superseded';
          new.superseded_by := newer;
          new.dead_at := now();
          new.target_secret := null;
          new.fallback_secret := null;
        end if;
        return new;
      end $$`);
    await runner.query(`
      create trigger notifications_superseded before update of state on notifications for each row
      when (old.collapse_key is not null and old.state = 'leased' and new.state = 'pending')
      execute function notification_is_superseded()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const trigger of ['take_turn', 'take_turn_again', 'let_next_go', 'leave_lane', 'supersede', 'superseded']) {
      await runner.query(`drop trigger notifications_${trigger} on notifications`);
    }
    for (const name of ['takes_turn', 'lets_next_go', 'supersedes', 'is_superseded']) {
      await runner.query(`drop function notification_${name}`);
    }
    await runner.query(`drop function notification_lane`);
    for (const name of ['due', 'pulled', 'pull_expiry', 'lanes', 'superseded']) {
      await runner.query(`drop index notifications_${name}`);
    }
    await runner.query(`update notifications set state = 'dead' where state = 'superseded'`);
    await runner.query(`
      alter table notifications
        drop column priority, drop column expires_at, drop column group_key, drop column collapse_key,
        drop column lane, drop column behind, drop column held, drop column fallback, drop column fallback_secret,
        drop column route, drop column message, drop column locale, drop column superseded_by,
        drop column confirmed_at, drop column destination,
        drop constraint notifications_state_check,
        add constraint notifications_state_check
          check (state in ('pending', 'leased', 'delivered', 'dead', 'unknown'))`);
    await runner.query(`
      create index notifications_due on notifications (not_before, id) where state = 'pending' and delivery = 'push'`);
    await runner.query(`
      create index notifications_pulled on notifications (id, not_before, attempts)
        where state = 'pending' and delivery = 'pull'`);
  }
}

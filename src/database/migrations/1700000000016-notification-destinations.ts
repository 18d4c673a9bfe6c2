import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * How targets stand that refuse or fail: a target that takes what it gets has no row. And what of a notification may
 * already be in Discord: since when it may have arrived, and that Discord told of it.
 */
export class NotificationDestinations1700000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table notification_destinations (
        destination text primary key,
        failures int not null,
        refusals int not null,
        refused_id bigint null,
        failing_since timestamptz not null default now(),
        failed_at timestamptz not null default now(),
        last_reason text not null,
        open_until timestamptz null,
        off_at timestamptz null,
        told_at timestamptz null
      )`);
    await runner.query(
      `create index notification_destinations_off on notification_destinations (destination) where off_at is not null`,
    );
    await runner.query(`alter table notifications add column maybe_sent_at timestamptz null`);
    // A claim names no destination, and is not to take this for the index of what is due.
    await runner.query(`
      create index notifications_destination on notifications (destination)
        where destination is not null and state in ('pending', 'unknown') and delivery = 'push'`);
    await runner.query(`
      create index notifications_unconfirmed on notifications (nonce)
        where confirmed_at is null
          and (state in ('leased', 'delivered', 'unknown') or maybe_sent_at is not null)`);
    await runner.query(`
      create index notifications_unconfirmed_webhooks on notifications (message_id)
        where confirmed_at is null and state = 'delivered' and target ? 'webhookId'`);

    // Whoever inserts. The lock on the target's row makes this and its being switched on again see each other.
    await runner.query(`
      create function notifications_meet_targets() returns trigger language plpgsql as $$
      begin
        if not exists (select from notification_destinations where off_at is not null) then return null; end if;
        update notifications as n
        set target = fallback, target_secret = fallback_secret, fallback = null, fallback_secret = null,
            reason = 'its target is switched off; it goes to the other one'
        where id in (
          select given.id from given join notification_destinations as d using (destination)
          where d.off_at is not null and given.delivery = 'push' and given.fallback is not null
          for share of d);
        update notifications as n set held = 'off'
        where held is null and state = 'pending' and id in (
          select waiting.id from given join notifications as waiting on waiting.id = given.id
            join notification_destinations as d on d.destination = waiting.destination
          where d.off_at is not null and waiting.delivery = 'push'
          for share of d);
        return null;
      end $$`);
    await runner.query(`
      create trigger notifications_meet_targets after insert on notifications
      referencing new table as given for each statement execute function notifications_meet_targets()`);

    // What Discord has told of is there, whatever became of the answer.
    await runner.query(`
      create function notification_is_confirmed() returns trigger language plpgsql as $$
      begin
        new.state := 'delivered';
        new.target := old.target;
        new.target_secret := null;
        new.fallback := null;
        new.fallback_secret := null;
        new.message_id := coalesce(new.message_id, old.message_id);
        new.delivered_at := now();
        new.dead_at := null;
        return new;
      end $$`);
    await runner.query(`
      create trigger notifications_confirmed before update of state on notifications for each row
      when (old.state = 'leased' and new.state in ('pending', 'dead', 'unknown') and old.delivery = 'push'
            and old.confirmed_at is not null)
      execute function notification_is_confirmed()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const trigger of ['meet_targets', 'confirmed']) {
      await runner.query(`drop trigger notifications_${trigger} on notifications`);
    }
    for (const name of ['notifications_meet_targets', 'notification_is_confirmed']) {
      await runner.query(`drop function ${name}`);
    }
    for (const name of ['destination', 'unconfirmed', 'unconfirmed_webhooks']) {
      await runner.query(`drop index notifications_${name}`);
    }
    await runner.query(`update notifications set held = null where held = 'off'`);
    await runner.query(`alter table notifications drop column maybe_sent_at`);
    await runner.query(`drop table notification_destinations`);
  }
}

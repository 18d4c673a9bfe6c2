import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class ShownMembers1700000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table guild_settings
        add hide_offline boolean not null default false,
        add hide_bots boolean not null default false,
        add ignored_users text[] not null default '{}',
        add ignored_roles text[] not null default '{}',
        add messages boolean not null default true,
        add channels text[] null`);
    // guild_id null: in every guild.
    await runner.query(`
      create table hidden_members (
        guild_id text null check (guild_id ~ '^[0-9]{5,20}$'),
        user_id text not null check (user_id ~ '^[0-9]{5,20}$'),
        actor text null,
        hidden_at timestamptz not null default now()
      )`);
    await runner.query(`create unique index hidden_members_once on hidden_members (user_id, coalesce(guild_id, ''))`);
    await runner.query(`
      create function tell_of_change() returns trigger language plpgsql as $$
      begin
        perform pg_notify(tg_table_name, '');
        return null;
      end $$`);
    for (const table of ['guild_settings', 'hidden_members']) {
      await runner.query(`
        create trigger ${table}_told after insert or update or delete or truncate on ${table}
        for each statement execute function tell_of_change()`);
    }
    // Whoever hides is forgotten with the same commit, however the row came about.
    await runner.query(`
      create function forget_hidden_member() returns trigger language plpgsql as $$
      begin
        with gone as (
          delete from stored_members
          where id = new.user_id and (new.guild_id is null or guild_id = new.guild_id)
          returning guild_id
        )
        update stored_guilds set member_count = member_count - 1 where id in (select guild_id from gone);
        delete from outbox
        where (new.guild_id is null or guild_id = new.guild_id)
          and new.user_id in (data->'member'->>'id', data->'author'->>'id');
        return null;
      end $$`);
    await runner.query(`
      create trigger hidden_members_forgotten after insert or update on hidden_members
      for each row execute function forget_hidden_member()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table hidden_members`);
    await runner.query(`drop trigger guild_settings_told on guild_settings`);
    await runner.query(`drop function forget_hidden_member`);
    await runner.query(`drop function tell_of_change`);
    await runner.query(`
      alter table guild_settings
        drop hide_offline, drop hide_bots, drop ignored_users, drop ignored_roles, drop messages, drop channels`);
  }
}

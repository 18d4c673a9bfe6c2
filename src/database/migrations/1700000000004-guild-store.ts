import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class GuildStore1700000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table stored_guilds (
        id text primary key check (id ~ '^[0-9]{5,20}$'),
        name text not null,
        icon_url text null,
        alias text null,
        is_default boolean not null,
        door text not null check (door in ('open', 'password', 'discord')),
        member_count int not null default 0 check (member_count >= 0)
      )`);
    await runner.query(`
      create table stored_members (
        guild_id text not null references stored_guilds (id) on delete cascade,
        id text not null check (id ~ '^[0-9]{5,20}$'),
        username text not null,
        display_name text not null,
        avatar_url text null,
        bot boolean not null,
        role_color text not null check (role_color ~ '^#[0-9a-f]{6}$'),
        role_ids text[] not null,
        status text not null check (status in ('online', 'idle', 'dnd', 'offline')),
        activities jsonb not null,
        voice_channel_id text null,
        joined_at timestamptz null,
        primary key (guild_id, id)
      )`);
    // Pages go by age, and a shorter id is an older one.
    await runner.query(`create index stored_members_by_age on stored_members (guild_id, length(id), id)`);
    // Without a reference to the guild: its removal is told when it is gone.
    await runner.query(`
      create table outbox (
        id bigint generated always as identity primary key,
        guild_id text not null,
        type text not null,
        data jsonb not null,
        at timestamptz not null default now(),
        failures int not null default 0,
        not_before timestamptz not null default now()
      )`);
    await runner.query(`create index outbox_failed on outbox (guild_id, id) where failures > 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table outbox`);
    await runner.query(`drop table stored_members`);
    await runner.query(`drop table stored_guilds`);
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class GuildSettings1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table guild_settings (
        guild_id text primary key,
        enabled boolean not null default true,
        alias text null,
        is_default boolean not null default false,
        door text null check (door in ('open', 'password', 'discord')),
        updated_at timestamptz not null default now()
      )`);
    await runner.query(`create unique index guild_settings_alias on guild_settings (lower(alias))`);
    await runner.query(`create unique index guild_settings_default on guild_settings (is_default) where is_default`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table guild_settings`);
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class GuildAlertRules1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // data is json, not jsonb: that refuses the character NUL and halves of surrogate pairs.
    await runner.query(`
      create table guild_alert_rules (
        guild_id text not null,
        name text not null,
        figure text not null,
        side text not null check (side in ('above', 'below')),
        threshold double precision not null,
        rearm double precision not null,
        for_seconds int not null,
        data json not null,
        tell_cleared boolean not null,
        enabled boolean not null,
        raised boolean not null default false,
        raised_at timestamptz null,
        revision uuid not null unique default gen_random_uuid(),
        primary key (guild_id, name)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table guild_alert_rules`);
  }
}

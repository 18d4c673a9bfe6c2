import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class GuildPasswords1700000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table guild_settings
        add column password_hash text null check (password_hash like '$argon2id$%')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table guild_settings drop column password_hash`);
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class VisitorSessions1700000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table visitor_sessions (
        digest bytea primary key check (length(digest) = 32),
        user_id text not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null
      )`);
    await runner.query(`create index visitor_sessions_user on visitor_sessions (user_id, created_at)`);
    await runner.query(`create index visitor_sessions_end on visitor_sessions (expires_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table visitor_sessions`);
  }
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Servers of others that take notifications, and the secrets that their requests are signed with. */
export class WebhookEndpoints1700000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table webhook_endpoints (
        id text primary key,
        url text not null,
        description text not null,
        enabled boolean not null default true,
        disabled_reason text null,
        disabled_at timestamptz null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table webhook_secrets (
        id bigint generated always as identity primary key,
        endpoint_id text not null references webhook_endpoints (id) on delete cascade,
        secret text not null,
        fingerprint text not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz null
      )`);
    await runner.query(`create index webhook_secrets_of on webhook_secrets (endpoint_id, id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table webhook_secrets`);
    await runner.query(`drop table webhook_endpoints`);
  }
}

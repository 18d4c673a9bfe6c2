import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class Notifications1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table notifications (
        id bigint generated always as identity primary key,
        guild_id text null,
        target jsonb not null,
        type text not null,
        payload jsonb not null,
        state text not null default 'pending' check (state in ('pending', 'leased', 'delivered', 'dead')),
        attempts int not null default 0,
        not_before timestamptz not null default now(),
        lease_token uuid null,
        lease_until timestamptz null,
        nonce text not null,
        reason text null,
        idempotency_key text null,
        idempotency_hash text null,
        publisher text not null,
        message_id text null,
        created_at timestamptz not null default now(),
        delivered_at timestamptz null,
        dead_at timestamptz null
      )`);
    await runner.query(`
      create unique index notifications_idempotency on notifications (publisher, idempotency_key)
        where idempotency_key is not null`);
    await runner.query(`create index notifications_due on notifications (not_before, id) where state = 'pending'`);
    await runner.query(`create index notifications_leases on notifications (lease_until) where state = 'leased'`);
    await runner.query(`
      create table notification_attempts (
        id bigint generated always as identity primary key,
        notification_id bigint not null references notifications (id) on delete cascade,
        attempt int not null,
        at timestamptz not null default now(),
        outcome text not null,
        reason text null
      )`);
    await runner.query(`create index notification_attempts_of on notification_attempts (notification_id, id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table notification_attempts`);
    await runner.query(`drop table notifications`);
  }
}

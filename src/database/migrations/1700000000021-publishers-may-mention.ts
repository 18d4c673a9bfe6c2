import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Whom a notification rings; whether its collapse key has a board, as those of hooks do not: what fires again has to be a
 * message of its own. A route may have limits of floods, and the former secret of a kind of hook for a while:
 * `former_hook_secrets` is `{"<kind>": {"secret": "…", "until": "…"}}`.
 */
export class PublishersMayMention1700000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table notifications
        add column mentions jsonb null,
        add column boarded boolean not null default true`);
    await runner.query(`
      alter table notification_routes
        add column flood_limit int null check (flood_limit >= 0),
        add column flood_seconds int null check (flood_seconds > 0),
        add column former_hook_secrets jsonb not null default '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table notification_routes
        drop column former_hook_secrets, drop column flood_seconds, drop column flood_limit`);
    await runner.query(`alter table notifications drop column boarded, drop column mentions`);
  }
}

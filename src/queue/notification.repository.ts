import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Locale, type NotificationTarget, priorities, type Priority } from '../domain/notification.js';
import { type DeliveryMode } from './delivery-mode.js';
import { NotificationEntity } from './notification.entity.js';

/** Rung at the commit of every statement that makes a notification due. */
export const wakeChannel = 'guildcast_notifications';

/** Why a notification ended that was not tried in time. */
export const timeOver = 'its time was over before it could be delivered';

export interface NewNotification {
  target: NotificationTarget;
  /** What nobody may read again, such as the token of a webhook; gone when the notification is done with. */
  secret?: string;
  type: string;
  /** JSON text that jsonb accepts. */
  payload: string;
  /** Likewise. */
  message?: string;
  guildId?: string;
  publisher: string;
  nonce: string;
  idempotency?: { key: string; hash: string };
  delivery: DeliveryMode;
  priority: Priority;
  /** ISO 8601 with a zone, as is `expiresAt`. */
  notBefore?: string;
  expiresAt?: string;
  groupKey?: string;
  collapseKey?: string;
  fallback?: NotificationTarget;
  fallbackSecret?: string;
  locale?: Locale;
  route?: string;
  /** More of its kind than that within so many seconds are held, to be told in a digest. */
  floodLimit?: number;
  floodSeconds?: number;
}

/** A row that ended since another one took its place, with what its room is told. */
export interface SupersededNotification {
  id: string;
  guildId: string;
  target: NotificationTarget;
  type: string;
  nonce: string;
  attempts: number;
  reason: string | null;
}

/** A column of numbers in words. */
export const priorityName = `(ARRAY['${priorities.join("', '")}'])[priority + 1]`;

/** What a batch locks before it is stored, in one order, lest two batches wait for each other's lanes or counts. */
function locksOf(notifications: readonly NewNotification[]): string {
  if (notifications.length < 2) return '';
  const parts: string[] = [];
  if (notifications.some((row) => row.groupKey ?? row.collapseKey)) {
    parts.push(`SELECT notification_lane(publisher, "groupKey", "collapseKey") AS name FROM given
                WHERE "groupKey" IS NOT NULL OR "collapseKey" IS NOT NULL`);
  }
  if (notifications.some((row) => row.floodLimit !== undefined)) {
    parts.push(`SELECT 'flood ' || publisher AS name FROM given WHERE "floodLimit" IS NOT NULL`);
  }
  if (parts.length === 0) return '';
  return `locked AS (
    SELECT pg_advisory_xact_lock(lock) FROM (
      SELECT DISTINCT hashtextextended(name, 0) AS lock FROM (${parts.join(' UNION ALL ')}) AS names ORDER BY lock
    ) AS locks
  ),`;
}

/** The table of notifications. Each method is one statement, and every time in it is of the database's clock. */
@Injectable()
export class NotificationRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Stores rows in their order; answers their ids by their nonces. Those are missing whose publisher has used the
   * idempotency key before.
   */
  async insert(
    notifications: readonly NewNotification[],
    manager = this.database.manager,
  ): Promise<Map<string, string>> {
    const given = notifications.map(({ idempotency, target, fallback, priority, ...rest }) => ({
      ...rest,
      target: JSON.stringify(target),
      fallback: fallback && JSON.stringify(fallback),
      priority: priorities.indexOf(priority),
      key: idempotency?.key,
      hash: idempotency?.hash,
    }));
    const locked = locksOf(notifications);
    const rows: { id: string; nonce: string }[] = await manager.query(
      `WITH given AS (
         SELECT * FROM ROWS FROM (json_to_recordset($1::json) AS (
           target text, secret text, type text, payload text, message text, "guildId" text, publisher text, nonce text,
           key text, hash text, delivery text, priority smallint, "notBefore" timestamptz, "expiresAt" timestamptz,
           "groupKey" text, "collapseKey" text, fallback text, "fallbackSecret" text, locale text,
           route text, "floodLimit" int, "floodSeconds" int
         )) WITH ORDINALITY
       ), ${locked} inserted AS (
         INSERT INTO notifications
           (target, target_secret, type, payload, message, guild_id, publisher, nonce, idempotency_key, idempotency_hash,
            delivery, priority, not_before, expires_at, group_key, collapse_key, fallback, fallback_secret, locale,
            route, flood_limit, flood_seconds)
         SELECT target::jsonb, secret, type, payload::jsonb, message::jsonb, "guildId", publisher, nonce, key, hash,
           delivery, priority, greatest(now(), "notBefore"), "expiresAt", "groupKey", "collapseKey", fallback::jsonb,
           "fallbackSecret", locale, route, "floodLimit", "floodSeconds"
         FROM given ${locked === '' ? '' : ', (SELECT count(*) FROM locked) AS all_locked'} ORDER BY ordinality
         ON CONFLICT (publisher, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
         RETURNING id, nonce
       ), rung AS (SELECT pg_notify('${wakeChannel}', '') FROM inserted LIMIT 1)
       SELECT id, nonce FROM inserted LEFT JOIN rung ON true`,
      [JSON.stringify(given)],
    );
    return new Map(rows.map(({ id, nonce }) => [nonce, id]));
  }

  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.database.transaction(work);
  }

  /** Of rows of guilds, those that ended since one of `ids` took their place. */
  async supersededBy(ids: readonly string[], manager = this.database.manager): Promise<SupersededNotification[]> {
    return manager.query(
      `SELECT id, guild_id AS "guildId", target, type, nonce, attempts, reason FROM notifications
       WHERE superseded_by = ANY ($1::bigint[]) AND guild_id IS NOT NULL ORDER BY id`,
      [ids],
    );
  }

  async findByKey(publisher: string, key: string, manager = this.database.manager): Promise<NotificationEntity | null> {
    return manager.findOneBy(NotificationEntity, { publisher, idempotencyKey: key });
  }

  /** With its tries, oldest first. */
  async find(id: string): Promise<NotificationEntity | null> {
    return this.notifications.findOne({
      where: { id },
      relations: { tries: true },
      order: { tries: { id: 'ASC' } },
    });
  }

  private get notifications() {
    return this.database.getRepository(NotificationEntity);
  }
}

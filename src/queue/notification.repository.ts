import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { prepared } from '../database/prepared-statements.js';
import {
  type Locale,
  type Mentions,
  type NotificationTarget,
  priorities,
  type Priority,
} from '../domain/notification.js';
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
  mentions?: Mentions;
  /** False: each one that is delivered is a message of its own, also with a collapse key. */
  boarded?: boolean;
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

/** The columns that publishers fill, with their types. */
const given = {
  target: 'jsonb',
  target_secret: 'text',
  type: 'text',
  payload: 'jsonb',
  message: 'jsonb',
  guild_id: 'text',
  publisher: 'text',
  nonce: 'text',
  idempotency_key: 'text',
  idempotency_hash: 'text',
  delivery: 'text',
  priority: 'smallint',
  not_before: 'timestamptz',
  expires_at: 'timestamptz',
  group_key: 'text',
  collapse_key: 'text',
  fallback: 'jsonb',
  fallback_secret: 'text',
  locale: 'text',
  route: 'text',
  flood_limit: 'int',
  flood_seconds: 'int',
  mentions: 'jsonb',
  boarded: 'boolean',
};
type Given = Record<keyof typeof given, string | number | boolean | undefined>;
const columns = Object.keys(given) as (keyof typeof given)[];

function givenBy(row: NewNotification): Given {
  return {
    target: JSON.stringify(row.target),
    target_secret: row.secret,
    type: row.type,
    payload: row.payload,
    message: row.message,
    guild_id: row.guildId,
    publisher: row.publisher,
    nonce: row.nonce,
    idempotency_key: row.idempotency?.key,
    idempotency_hash: row.idempotency?.hash,
    delivery: row.delivery,
    priority: priorities.indexOf(row.priority),
    not_before: row.notBefore,
    expires_at: row.expiresAt,
    group_key: row.groupKey,
    collapse_key: row.collapseKey,
    fallback: row.fallback && JSON.stringify(row.fallback),
    fallback_secret: row.fallbackSecret,
    locale: row.locale,
    route: row.route,
    flood_limit: row.floodLimit,
    flood_seconds: row.floodSeconds,
    mentions: row.mentions && JSON.stringify(row.mentions),
    boarded: row.boarded,
  };
}

/**
 * The values of a column; null where no row has one, which says the same and need not be read. Those of JSON, which are
 * its texts, as one text, since a list of texts would have each of them escaped.
 */
function valuesOf(rows: readonly Given[], column: keyof Given): unknown {
  const values = rows.map((row) => row[column]);
  if (!values.some((value) => value !== undefined)) return null;
  return given[column] === 'jsonb' ? `[${values.map((value) => value ?? 'null').join(',')}]` : values;
}

/** What a batch locks before it is stored, in one order, lest two batches wait for each other's lanes or counts. */
function locksOf(notifications: readonly NewNotification[]): string {
  if (notifications.length < 2) return '';
  const parts: string[] = [];
  if (notifications.some((row) => row.groupKey ?? row.collapseKey)) {
    parts.push(`SELECT notification_lane(publisher, group_key, collapse_key) AS name FROM given
                WHERE group_key IS NOT NULL OR collapse_key IS NOT NULL`);
  }
  if (notifications.some((row) => row.floodLimit !== undefined)) {
    parts.push(`SELECT 'flood ' || publisher AS name FROM given WHERE flood_limit IS NOT NULL`);
  }
  if (parts.length === 0) return '';
  return `locked AS (
    SELECT pg_advisory_xact_lock(lock) FROM (
      SELECT DISTINCT hashtextextended(name, 0) AS lock FROM (${parts.join(' UNION ALL ')}) AS names ORDER BY lock
    ) AS locks
  ),`;
}

/** In place of what is not given. */
const unlessGiven: Partial<Record<keyof Given, string>> = {
  not_before: 'greatest(now(), not_before)',
  boarded: 'coalesce(boarded, true)',
};

/** Takes a list for each column of `given`. */
function insertionAfter(locked: string): string {
  const lists = columns.map((column, index) =>
    given[column] === 'jsonb'
      ? `jsonb_array_elements($${index + 1}::jsonb)`
      : `unnest($${index + 1}::${given[column]}[])`,
  );
  const values = columns.map((column) => {
    if (given[column] === 'jsonb') return `nullif(${column}, 'null')`;
    return unlessGiven[column] ?? column;
  });
  return `WITH given AS (
      SELECT * FROM ROWS FROM (${lists.join(', ')}) WITH ORDINALITY AS given (${columns.join(', ')}, place)
    ), ${locked} inserted AS (
      INSERT INTO notifications (${columns.join(', ')})
      SELECT ${values.join(', ')}
      FROM given ${locked === '' ? '' : ', (SELECT count(*) FROM locked) AS all_locked'} ORDER BY place
      ON CONFLICT (publisher, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
      RETURNING id, nonce
    ), rung AS (SELECT pg_notify('${wakeChannel}', '') FROM inserted LIMIT 1)
    SELECT id, nonce FROM inserted LEFT JOIN rung ON true`;
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
    const rows = notifications.map(givenBy);
    const stored: { id: string; nonce: string }[] = await manager.query(
      prepared(insertionAfter(locksOf(notifications))),
      columns.map((column) => valuesOf(rows, column)),
    );
    return new Map(stored.map(({ id, nonce }) => [nonce, id]));
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

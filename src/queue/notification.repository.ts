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

/** The columns that every publisher fills, with their types. Each is handed over as a list. */
const required = {
  target: 'jsonb',
  type: 'text',
  payload: 'jsonb',
  message: 'jsonb',
  publisher: 'text',
  nonce: 'text',
  delivery: 'text',
  priority: 'smallint',
};
/** Those that few fill. All of a row are one object in a list of objects. */
const optional = {
  target_secret: 'text',
  guild_id: 'text',
  idempotency_key: 'text',
  idempotency_hash: 'text',
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
/** JSON columns as their texts. */
function requiredOf(row: NewNotification): Record<keyof typeof required, string | number | undefined> {
  const { type, payload, message, publisher, nonce, delivery } = row;
  const target = JSON.stringify(row.target);
  return { target, type, payload, message, publisher, nonce, delivery, priority: priorities.indexOf(row.priority) };
}

function optionalOf(row: NewNotification): Record<keyof typeof optional, unknown> {
  return {
    target_secret: row.secret,
    guild_id: row.guildId,
    idempotency_key: row.idempotency?.key,
    idempotency_hash: row.idempotency?.hash,
    not_before: row.notBefore,
    expires_at: row.expiresAt,
    group_key: row.groupKey,
    collapse_key: row.collapseKey,
    fallback: row.fallback,
    fallback_secret: row.fallbackSecret,
    locale: row.locale,
    route: row.route,
    flood_limit: row.floodLimit,
    flood_seconds: row.floodSeconds,
    mentions: row.mentions,
    boarded: row.boarded,
  };
}

const listed = Object.entries(required) as [keyof typeof required, string][];

/**
 * A list for each required column, and one of options; null for what no row has, which says the same and need not be
 * read. JSON is one text: in a list of texts, each would be escaped.
 */
function listsOf(notifications: readonly NewNotification[]): unknown[] {
  const rows = notifications.map(requiredOf);
  const options = notifications.map((row) => JSON.stringify(optionalOf(row)));
  return [
    ...listed.map(([column, type]) => {
      const values = rows.map((row) => row[column]);
      if (values.every((value) => value === undefined)) return null;
      return type === 'jsonb' ? `[${values.map((value) => value ?? 'null').join(',')}]` : values;
    }),
    options.every((option) => option === '{}') ? null : `[${options.join(',')}]`,
  ];
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
const unlessGiven: Partial<Record<string, string>> = {
  not_before: 'greatest(now(), not_before)',
  boarded: 'coalesce(boarded, true)',
};

/** Takes what `listsOf` gives. */
function insertionAfter(locked: string): string {
  const lists = listed.map(([, type], index) =>
    type === 'jsonb' ? `jsonb_array_elements($${index + 1}::jsonb)` : `unnest($${index + 1}::${type}[])`,
  );
  const read = [
    ...listed.map(([column, type]) => (type === 'jsonb' ? `nullif(${column}, 'null') AS ${column}` : column)),
    ...Object.entries(optional).map(([column, type]) =>
      type === 'jsonb' ? `options -> '${column}' AS ${column}` : `(options ->> '${column}')::${type} AS ${column}`,
    ),
  ];
  const columns = [...Object.keys(required), ...Object.keys(optional)];
  return `WITH given AS (
      SELECT ${read.join(', ')}, place
      FROM ROWS FROM (${lists.join(', ')}, jsonb_array_elements($${lists.length + 1}::jsonb))
        WITH ORDINALITY AS lists (${Object.keys(required).join(', ')}, options, place)
    ), ${locked} inserted AS (
      INSERT INTO notifications (${columns.join(', ')})
      SELECT ${columns.map((column) => unlessGiven[column] ?? column).join(', ')}
      FROM given ${locked === '' ? '' : ', (SELECT count(*) FROM locked) AS all_locked'} ORDER BY place
      ON CONFLICT (publisher, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
      RETURNING id, nonce
    ), rung AS (SELECT pg_notify('${wakeChannel}', '') FROM inserted LIMIT 1)
    SELECT id, nonce FROM inserted LEFT JOIN rung ON true`;
}

/** By what they lock: four at most. */
const insertions = new Map<string, string>();

function insertionFor(locked: string): string {
  const known = insertions.get(locked);
  if (known !== undefined) return known;
  const insertion = prepared(insertionAfter(locked));
  insertions.set(locked, insertion);
  return insertion;
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
    const stored: { id: string; nonce: string }[] = await manager.query(
      insertionFor(locksOf(notifications)),
      listsOf(notifications),
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

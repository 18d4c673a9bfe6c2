import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  type Locale,
  type NotificationState,
  type NotificationTarget,
  type Priority,
  type RenderedMessage,
} from '../../domain/notification.js';
import { type DeliveryMode } from '../delivery-mode.js';
import { type AttemptOutcome, type Hold } from '../notification.entity.js';
import { priorityName } from '../notification.repository.js';

/** Rows that one request looks at, when it asks for something that no index knows. */
export const lookedAt = 10_000;
const newest = '9223372036854775807';

export interface ListFilter {
  state?: NotificationState;
  type?: string;
  /** Such as `user:<id>`. */
  destination?: string;
  route?: string;
  /** Fingerprint of a key. */
  publisher?: string;
}

export interface ListPage extends ListFilter {
  /** Older than this id. */
  before?: string;
  limit: number;
}

/** A notification in a list. Nothing of it is secret. */
export interface ListedNotification {
  id: string;
  type: string;
  target: NotificationTarget;
  destination: string | null;
  guildId: string | null;
  delivery: DeliveryMode;
  state: NotificationState;
  heldBy: Hold | 'group' | null;
  priority: Priority;
  route: string | null;
  publisher: string;
  attempts: number;
  reason: string | null;
  createdAt: Date;
  notBefore: Date;
  deliveredAt: Date | null;
  /** When it ended otherwise. */
  endedAt: Date | null;
}

/** All that an operator may see of one. */
export interface DetailedNotification extends ListedNotification {
  payload: unknown;
  message: RenderedMessage | null;
  locale: Locale | null;
  groupKey: string | null;
  collapseKey: string | null;
  idempotencyKey: string | null;
  fallback: NotificationTarget | null;
  expiresAt: Date | null;
  supersededBy: string | null;
  confirmedAt: Date | null;
  messageId: string | null;
  consumer: string | null;
  leaseUntil: Date | null;
  tries: { attempt: number; at: string; outcome: AttemptOutcome; reason: string | null }[];
}

export interface Listed {
  rows: ListedNotification[];
  /** Where to go on, as `before`; null when there is nothing older. */
  next: string | null;
}

const listed = `id, type, target, destination, guild_id AS "guildId", delivery, state,
  CASE WHEN state = 'pending' THEN coalesce(held, CASE WHEN behind THEN 'group' END) END AS "heldBy",
  ${priorityName} AS priority, route, publisher, attempts, reason, created_at AS "createdAt",
  not_before AS "notBefore", delivered_at AS "deliveredAt", dead_at AS "endedAt"`;

const detailed = `${listed}, payload, message, locale, group_key AS "groupKey", collapse_key AS "collapseKey",
  idempotency_key AS "idempotencyKey", fallback, expires_at AS "expiresAt", superseded_by AS "supersededBy",
  confirmed_at AS "confirmedAt", message_id AS "messageId", consumer, lease_until AS "leaseUntil",
  coalesce((SELECT json_agg(json_build_object('attempt', attempt, 'at', at, 'outcome', outcome,
                                              'reason', notification_attempts.reason)
                            ORDER BY notification_attempts.id)
            FROM notification_attempts WHERE notification_id = notifications.id), '[]') AS tries`;

/** Notifications for people who look after the queue. Each method is one statement. */
@Injectable()
export class ListingRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Newest first. Of what an index knows (every state but delivered) no more is read than is answered; for the rest, no more
   * than `lookedAt` rows, so that a page may be short though there are more.
   */
  async list({ before, limit, state, ...filter }: ListPage): Promise<Listed> {
    const parameters: unknown[] = [before ?? newest, limit];
    const asked = (column: string, value: string | undefined) =>
      value === undefined ? [] : [`${column} = $${parameters.push(value)}`];
    const sieve = [
      ...(state === 'delivered' ? [`state = 'delivered'`] : []),
      ...asked('type', filter.type),
      ...asked('destination', filter.destination),
      ...asked('route', filter.route),
      ...asked('publisher', filter.publisher),
    ];
    const { older, order } = walk(state === 'delivered' ? undefined : state);
    const edge = `(SELECT id FROM notifications WHERE ${older('$1')} ORDER BY ${order} OFFSET ${lookedAt - 1} LIMIT 1)`;
    // One row at least, for the edge.
    const rows: ({ edge: string | null; id: string | null } & Omit<ListedNotification, 'id'>)[] =
      await this.database.query(
        sieve.length === 0
          ? `SELECT NULL AS edge, ${listed} FROM notifications WHERE ${older('$1')} ORDER BY ${order} LIMIT $2`
          : `WITH edge AS MATERIALIZED (SELECT ${edge} AS id)
             SELECT edge.id AS edge, found.* FROM edge LEFT JOIN LATERAL (
               SELECT ${listed} FROM notifications
               WHERE ${older('$1')} AND ${from(state, '(SELECT coalesce(id, 0) FROM edge)')} AND ${sieve.join(' AND ')}
               ORDER BY ${order} LIMIT $2
             ) AS found ON true ORDER BY found.id DESC`,
        parameters,
      );
    const found = rows.flatMap(({ edge: _edge, id, ...row }) => (id === null ? [] : [{ id, ...row }]));
    const next = found.length === limit ? found[limit - 1]!.id : (rows[0]?.edge ?? null);
    return { rows: found, next };
  }

  async find(id: string): Promise<DetailedNotification | undefined> {
    const rows: DetailedNotification[] = await this.database.query(
      `SELECT ${detailed} FROM notifications WHERE id = $1`,
      [id],
    );
    return rows[0];
  }
}

/** Rows of a state by its index, which has them by -id; all rows by their ids. */
function walk(state: NotificationState | undefined): { older: (than: string) => string; order: string } {
  if (state === undefined) return { older: (than) => `id < ${than}::bigint`, order: 'id DESC' };
  // Not a parameter: the index is partial.
  return {
    older: (than) => `state COLLATE "C" = '${state}' AND -id > -(${than}::bigint)`,
    order: '-id',
  };
}

/** The same rows that are not older than `id`. */
function from(state: NotificationState | undefined, id: string): string {
  return state === undefined || state === 'delivered' ? `id >= ${id}` : `-id <= -${id}`;
}

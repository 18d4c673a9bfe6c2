import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type NotificationTarget, type RenderedMessage } from '../../domain/notification.js';
import { wakeChannel } from '../notification.repository.js';

/** Rung at the commit that holds the first notification of a window. */
export const digestChannel = 'guildcast_digests';

/** What one digest is of. */
export interface FloodKind {
  publisher: string;
  destination: string;
  type: string;
}

/** What a digest tells, the newest of `latest` first. */
export interface HeldNotifications {
  ids: string[];
  from: Date;
  to: Date;
  /** Of the guild that all of them belong to. */
  guildId: string | null;
  latest: { at: Date; payload: unknown; message: RenderedMessage | null }[];
}

export interface WrittenDigest {
  id: string;
  target: NotificationTarget;
}

/** So that no statement takes long; what is more goes into another digest. */
const mostTold = 10_000;
const shown = 5;

const ofKind = `state = 'pending' AND held = 'digest' AND not_before <= now()
  AND publisher = $1 AND destination = $2 AND type = $3`;

/**
 * What is held to be told in a digest. The rows say it all, the counters only decide who is held. Every time is of the
 * database's clock.
 */
@Injectable()
export class FloodRepository {
  constructor(private readonly database: DataSource) {}

  /** Seconds until the next window with held rows ends, negative when one has; undefined when nothing is held. */
  async secondsUntilDue(): Promise<number | undefined> {
    const rows: { seconds: number | null }[] = await this.database.query(
      `SELECT extract(epoch FROM min(not_before) - now())::float8 AS seconds FROM notifications
       WHERE state = 'pending' AND held = 'digest'`,
    );
    return rows[0]?.seconds ?? undefined;
  }

  /** Kinds whose window is over, those that waited longest first, at most 100. */
  async due(): Promise<FloodKind[]> {
    return this.database.query(
      `SELECT publisher, destination, type FROM notifications
       WHERE state = 'pending' AND held = 'digest' AND not_before <= now()
       GROUP BY publisher, destination, type ORDER BY min(not_before) LIMIT 100`,
    );
  }

  /**
   * Puts one digest in the place of what is held of a kind, in one transaction; `payloadOf` makes its payload. Undefined
   * when there is nothing to tell, or another process is at it. Those whose own time is over are let go, to end as such.
   */
  async digest(
    kind: FloodKind,
    nonce: string,
    payloadOf: (held: HeldNotifications) => object,
  ): Promise<WrittenDigest | undefined> {
    const { publisher, destination, type } = kind;
    const key = [publisher, destination, type];
    return this.database.transaction(async (manager) => {
      const [lock]: { got: boolean }[] = await manager.query(
        `SELECT pg_try_advisory_xact_lock(hashtextextended('digest ' || $1 || ' ' || $2 || ' ' || $3, 0)) AS got`,
        key,
      );
      if (!lock?.got) return undefined;
      await manager.query(
        `WITH freed AS (
           UPDATE notifications SET held = NULL WHERE ${ofKind} AND expires_at <= now() RETURNING id
         )
         SELECT pg_notify('${wakeChannel}', '') FROM freed LIMIT 1`,
        key,
      );
      const held = await this.held(manager, key);
      return held && this.write(manager, { held, nonce, payload: payloadOf(held) });
    });
  }

  /** Counters of windows that are long over; a new window begins without them all the same. */
  async forgetCounters(): Promise<void> {
    await this.database.query(`DELETE FROM notification_floods WHERE ends_at < now() - interval '1 hour'`);
  }

  private async held(manager: EntityManager, key: string[]): Promise<HeldNotifications | undefined> {
    const [all]: (Omit<HeldNotifications, 'ids' | 'latest'> & { ids: string[] | null })[] = await manager.query(
      `SELECT array_agg(id::text ORDER BY id) AS ids, min(created_at) AS from, max(created_at) AS to,
              CASE WHEN count(guild_id) = count(*) AND min(guild_id) = max(guild_id) THEN min(guild_id) END AS "guildId"
       FROM (SELECT id, created_at, guild_id FROM notifications WHERE ${ofKind}
             ORDER BY id LIMIT ${mostTold} FOR UPDATE SKIP LOCKED) AS held`,
      key,
    );
    if (!all?.ids) return undefined;
    const { ids } = all;
    const latest: HeldNotifications['latest'] = await manager.query(
      `SELECT created_at AS at, payload, message FROM notifications WHERE id = ANY ($1::bigint[]) ORDER BY id DESC`,
      [ids.slice(-shown)],
    );
    return { ...all, ids, latest };
  }

  /** Goes where the newest one would have gone, with what is secret of that target, as urgent as the most urgent one. */
  private async write(
    manager: EntityManager,
    { held, nonce, payload }: { held: HeldNotifications; nonce: string; payload: object },
  ): Promise<WrittenDigest> {
    const rows: WrittenDigest[] = await manager.query(
      `WITH digest AS (
         INSERT INTO notifications
           (target, target_secret, type, payload, guild_id, publisher, nonce, delivery, priority, fallback,
            fallback_secret, route, locale)
         SELECT target, target_secret, 'digest', $2::jsonb, $3, publisher, $4, delivery,
           (SELECT max(priority) FROM notifications WHERE id = ANY ($1::bigint[])), fallback, fallback_secret, route,
           locale
         FROM notifications WHERE id = $5
         RETURNING id, target
       ), told AS (
         UPDATE notifications AS n
         SET state = 'superseded', superseded_by = digest.id, held = NULL, dead_at = now(), target_secret = NULL,
             fallback_secret = NULL, reason = 'told in a digest'
         FROM digest WHERE n.id = ANY ($1::bigint[])
       ), rung AS (SELECT pg_notify('${wakeChannel}', '') FROM digest)
       SELECT id, target FROM digest LEFT JOIN rung ON true`,
      [held.ids, JSON.stringify(payload), held.guildId, nonce, held.ids.at(-1)],
    );
    return rows[0]!;
  }
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Locale, type NotificationTarget, type Priority } from '../../domain/notification.js';
import { type DeliveryMode } from '../delivery-mode.js';
import { wakeChannel } from '../notification.repository.js';

/** What may be read of a route. Secrets are in no query for people. */
export interface Route {
  name: string;
  description: string;
  target: NotificationTarget;
  fallback: NotificationTarget | null;
  guildId: string | null;
  delivery: DeliveryMode | null;
  priority: Priority | null;
  locale: Locale | null;
  /** Both null: as the instance has it. Limit 0: nothing is held. */
  floodLimit: number | null;
  floodSeconds: number | null;
  /** Kinds of hook whose secret is kept. */
  hooks: string[];
  /** Those of them whose former secret is good too, and until when. */
  formerHookSecrets: { kind: string; until: string }[];
  pausedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What a notification takes over from its route. */
export interface RouteTerms extends Pick<
  Route,
  'name' | 'target' | 'fallback' | 'guildId' | 'delivery' | 'priority' | 'locale' | 'floodLimit' | 'floodSeconds'
> {
  secret: string | null;
  fallbackSecret: string | null;
}

export type NewRoute = Omit<RouteTerms, 'name'> & Pick<Route, 'name' | 'description'>;

/** Of an entry of `former_hook_secrets`. */
const good = `(former ->> 'until')::timestamptz > now()`;

const shown = `name, description, target, fallback, guild_id as "guildId", delivery, priority, locale,
  flood_limit as "floodLimit", flood_seconds as "floodSeconds",
  array(select jsonb_object_keys(hook_secrets) order by 1) as hooks,
  array(select jsonb_build_object('kind', kind, 'until', former -> 'until')
        from jsonb_each(former_hook_secrets) as kept (kind, former) where ${good} order by kind) as "formerHookSecrets",
  paused_at as "pausedAt", created_at as "createdAt", updated_at as "updatedAt"`;

const lock = `select pg_advisory_xact_lock(hashtextextended('guildcast.route.' || $1::text, 0))`;

/** The table of routes, and the rows that wait for them. */
@Injectable()
export class RouteRepository {
  constructor(private readonly database: DataSource) {}

  /** In the order of their names. */
  async all(): Promise<Route[]> {
    return this.database.query(`select ${shown} from notification_routes order by name collate "C"`);
  }

  async find(name: string): Promise<Route | undefined> {
    const rows: Route[] = await this.database.query(`select ${shown} from notification_routes where name = $1`, [name]);
    return rows[0];
  }

  /** For those who publish: with secrets. Names that are not there are missing. */
  async terms(names: readonly string[]): Promise<RouteTerms[]> {
    return this.database.query(
      `select name, target, target_secret as secret, fallback, fallback_secret as "fallbackSecret",
         guild_id as "guildId", delivery, priority, locale, flood_limit as "floodLimit", flood_seconds as "floodSeconds"
       from notification_routes where name = any ($1::text[])`,
      [names],
    );
  }

  /** Those that are good for this kind of hook, at most two, the newer one first. None without the route. */
  async hookSecrets(name: string, kind: string): Promise<string[]> {
    const rows: { secrets: string[] }[] = await this.database.query(
      `select array_remove(array[hook_secrets ->> $2, case when ${good} then former ->> 'secret' end], null) as secrets
       from notification_routes, lateral (select former_hook_secrets -> $2 as former) as kept where name = $1`,
      [name, kind],
    );
    return rows[0]?.secrets ?? [];
  }

  /** Over the former one of that name, whose pause and secrets of hooks stay. Undefined when there are `most` others. */
  async save(route: NewRoute, most: number): Promise<{ route: Route; created: boolean } | undefined> {
    const rows = await this.database.transaction(async (manager): Promise<(Route & { created: boolean })[]> => {
      // Two that write at once would each count without the other.
      await manager.query(`select pg_advisory_xact_lock(hashtextextended('guildcast.routes', 0))`);
      return manager.query(
        `insert into notification_routes
         (name, description, target, target_secret, fallback, fallback_secret, guild_id, delivery, priority, locale,
          flood_limit, flood_seconds)
       select $1, $2, $3::jsonb, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $12
       where (select count(*) from notification_routes where name <> $1) < $13
       on conflict (name) do update set
         description = excluded.description, target = excluded.target, target_secret = excluded.target_secret,
         fallback = excluded.fallback, fallback_secret = excluded.fallback_secret, guild_id = excluded.guild_id,
         delivery = excluded.delivery, priority = excluded.priority, locale = excluded.locale,
         flood_limit = excluded.flood_limit, flood_seconds = excluded.flood_seconds, updated_at = now()
       returning ${shown}, xmax = 0 as created`,
        [
          route.name,
          route.description,
          JSON.stringify(route.target),
          route.secret,
          route.fallback && JSON.stringify(route.fallback),
          route.fallbackSecret,
          route.guildId,
          route.delivery,
          route.priority,
          route.locale,
          route.floodLimit,
          route.floodSeconds,
          most,
        ],
      );
    });
    const [row] = rows;
    if (!row) return undefined;
    const { created, ...saved } = row;
    return { route: saved, created };
  }

  /**
   * The one before stays good for `overlapSeconds`, in place of the one before that. The same secret again, as of a request
   * that is repeated, makes no former one of itself. Whether the route is there.
   */
  async keepHookSecret(name: string, kind: string, secret: string, overlapSeconds: number): Promise<boolean> {
    const [, changed]: [unknown[], number] = await this.database.query(
      `update notification_routes
       set hook_secrets = hook_secrets || jsonb_build_object($2::text, $3::text),
           former_hook_secrets = case
             when $4::float8 = 0 or not hook_secrets ? $2 then former_hook_secrets - $2
             when hook_secrets ->> $2 = $3 then former_hook_secrets
             else former_hook_secrets || jsonb_build_object($2::text, jsonb_build_object(
               'secret', hook_secrets -> $2, 'until', now() + make_interval(secs => $4))) end,
           updated_at = now()
       where name = $1`,
      [name, kind, secret, overlapSeconds],
    );
    return changed > 0;
  }

  /** The former one too. Whether the route is there. */
  async forgetHookSecrets(name: string, kind: string): Promise<boolean> {
    const [, changed]: [unknown[], number] = await this.database.query(
      `update notification_routes
       set hook_secrets = hook_secrets - $2, former_hook_secrets = former_hook_secrets - $2, updated_at = now()
       where name = $1`,
      [name, kind],
    );
    return changed > 0;
  }

  /** What waits and what comes is not offered any more; what is being sent goes on. Undefined without the route. */
  async pause(name: string): Promise<Route | undefined> {
    return this.turn(
      name,
      'coalesce(paused_at, now())',
      `update notifications set held = 'paused' where route = $1 and state = 'pending' and held is null`,
    );
  }

  /** What was held is offered again. Undefined without the route. */
  async resume(name: string): Promise<Route | undefined> {
    return this.turn(
      name,
      'null',
      `with freed as (
         update notifications set held = null where route = $1 and state = 'pending' and held = 'paused' returning id
       )
       select pg_notify('${wakeChannel}', '') from freed limit 1`,
    );
  }

  /** Whether it is gone, was never there, or stays since notifications wait for it to be resumed. */
  async remove(name: string): Promise<'removed' | 'missing' | 'awaited'> {
    return this.database.transaction(async (manager) => {
      await manager.query(lock, [name]);
      const [awaited]: unknown[] = await manager.query(
        `select from notifications where route = $1 and state = 'pending' and held = 'paused' limit 1`,
        [name],
      );
      if (awaited !== undefined) return 'awaited';
      const [, removed]: [unknown[], number] = await manager.query('delete from notification_routes where name = $1', [
        name,
      ]);
      return removed > 0 ? 'removed' : 'missing';
    });
  }

  /** The lock comes first: rows that are under way are then either seen, or see the new state. */
  private async turn(name: string, pausedAt: string, rows: string): Promise<Route | undefined> {
    return this.database.transaction(async (manager) => {
      await manager.query(lock, [name]);
      const [found]: [Route[], number] = await manager.query(
        `update notification_routes set paused_at = ${pausedAt} where name = $1 returning ${shown}`,
        [name],
      );
      if (found[0]) await manager.query(rows, [name]);
      return found[0];
    });
  }
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { WebhookEndpointEntity } from './webhook-endpoint.entity.js';

export const mostEndpoints = 1_000;
/** Secrets of an endpoint that are good at the same time: each is a signature in every request. */
export const mostSecrets = 5;

export interface NewSecret {
  secret: string;
  fingerprint: string;
}

export interface EndpointChange {
  url?: string;
  description?: string;
  enabled?: boolean;
}

/** All that a try needs to know, as it is at that moment. Times are of the database's clock. */
export interface CallableEndpoint {
  url: string;
  enabled: boolean;
  disabledReason: string | null;
  /** Those that are good now, newest first. */
  secrets: string[];
  now: Date;
}

const good = '(expires_at is null or expires_at > now())';

/** The tables of endpoints. Secrets go in, and come out to sign alone. */
@Injectable()
export class WebhookEndpointRepository {
  constructor(private readonly database: DataSource) {}

  /** False when there are as many as there may be. */
  async insert(id: string, url: string, description: string, { secret, fingerprint }: NewSecret): Promise<boolean> {
    const rows: unknown[] = await this.database.query(
      `with endpoint as (
         insert into webhook_endpoints (id, url, description)
         select $1, $2, $3 where (select count(*) from webhook_endpoints) < ${mostEndpoints}
         returning id
       )
       insert into webhook_secrets (endpoint_id, secret, fingerprint) select id, $4, $5 from endpoint returning id`,
      [id, url, description, secret, fingerprint],
    );
    return rows.length > 0;
  }

  /** In the order in which they were made, with their secrets that are good, newest first. */
  async all(): Promise<WebhookEndpointEntity[]> {
    return this.shown().getMany();
  }

  async find(id: string): Promise<WebhookEndpointEntity | null> {
    return this.shown().where('endpoint.id = :id', { id }).getOne();
  }

  async exists(id: string): Promise<boolean> {
    const rows: unknown[] = await this.database.query('select from webhook_endpoints where id = $1', [id]);
    return rows.length > 0;
  }

  /** False when there is none. */
  async change(id: string, { url, description, enabled }: EndpointChange): Promise<boolean> {
    const [, changed]: [unknown[], number] = await this.database.query(
      `update webhook_endpoints
       set url = coalesce($2, url), description = coalesce($3, description), enabled = coalesce($4, enabled),
           disabled_reason = case when $4::boolean is null then disabled_reason end,
           disabled_at = case when $4::boolean is null then disabled_at when not $4 then now() end,
           updated_at = now()
       where id = $1`,
      [id, url ?? null, description ?? null, enabled ?? null],
    );
    return changed > 0;
  }

  /** Switches it off as long as it has the address that led to it: another may have been given meanwhile. False then. */
  async switchOff(id: string, url: string, reason: string): Promise<boolean> {
    const [, changed]: [unknown[], number] = await this.database.query(
      `update webhook_endpoints set enabled = false, disabled_reason = $3, disabled_at = now(), updated_at = now()
       where id = $1 and url = $2 and enabled`,
      [id, url, reason],
    );
    return changed > 0;
  }

  /** Adds a secret; those before it are good for `overlapSeconds` more at most. */
  async rotate(
    id: string,
    { secret, fingerprint }: NewSecret,
    overlapSeconds: number,
  ): Promise<'rotated' | 'unknown' | 'too many'> {
    return this.database.transaction(async (manager) => {
      // Two that rotate at once would each leave the other's secret good for ever.
      const locked: unknown[] = await manager.query('select from webhook_endpoints where id = $1 for update', [id]);
      if (locked.length === 0) return 'unknown';
      await manager.query(`delete from webhook_secrets where endpoint_id = $1 and ($2::float8 = 0 or not ${good})`, [
        id,
        overlapSeconds,
      ]);
      const [, kept]: [unknown[], number] = await manager.query(
        `update webhook_secrets
         set expires_at = least(coalesce(expires_at, 'infinity'), now() + make_interval(secs => $2))
         where endpoint_id = $1 and (select count(*) from webhook_secrets where endpoint_id = $1) < ${mostSecrets}`,
        [id, overlapSeconds],
      );
      if (kept === 0 && overlapSeconds > 0) return 'too many';
      await manager.query('insert into webhook_secrets (endpoint_id, secret, fingerprint) values ($1, $2, $3)', [
        id,
        secret,
        fingerprint,
      ]);
      await manager.query('update webhook_endpoints set updated_at = now() where id = $1', [id]);
      return 'rotated';
    });
  }

  /** With its secrets. False when there is none. */
  async remove(id: string): Promise<boolean> {
    const [, removed]: [unknown[], number] = await this.database.query('delete from webhook_endpoints where id = $1', [
      id,
    ]);
    return removed > 0;
  }

  /** For one try; undefined when there is no such endpoint. */
  async callable(id: string): Promise<CallableEndpoint | undefined> {
    const rows: CallableEndpoint[] = await this.database.query(
      `select url, enabled, disabled_reason as "disabledReason", now() as now,
         array(select secret from webhook_secrets where endpoint_id = $1 and ${good} order by id desc) as secrets
       from webhook_endpoints where id = $1`,
      [id],
    );
    return rows[0];
  }

  private shown() {
    return this.database
      .getRepository(WebhookEndpointEntity)
      .createQueryBuilder('endpoint')
      .leftJoinAndSelect('endpoint.secrets', 'secret', 'secret.expires_at is null or secret.expires_at > now()')
      .orderBy('endpoint.created_at')
      .addOrderBy('endpoint.id')
      .addOrderBy('secret.id', 'DESC');
  }
}

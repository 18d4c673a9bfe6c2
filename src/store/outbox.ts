import { type EntityManager } from 'typeorm';
import { type LockedConnection } from '../database/locked-connection.js';
import { type NewDomainEvent } from '../domain/events/index.js';

/** Rung at the commit of every write that has something to tell. */
export const outboxChannel = 'guildcast_outbox';

/** Tries after which an event is set aside: it stays in the table, and those behind it pass. */
export const mostTries = 8;

/** An event that waits to be told. What is in it is looked at when it is told. */
export interface OutboxRow {
  /** 64-bit, hence text. */
  id: string;
  guildId: string;
  type: string;
  data: unknown;
  /** Tries in vain. */
  failures: number;
}

/** Puts events into the outbox, in their order. Part of the transaction of `rows`: rolled back with it. */
export async function putOut(rows: EntityManager, guildId: string, events: readonly NewDomainEvent[]): Promise<void> {
  const told = JSON.stringify(events.map(({ type, data }) => ({ type, data })));
  await rows.query(
    `with told as (
       insert into outbox (guild_id, type, data)
       select $1, event ->> 'type', event -> 'data'
       from jsonb_array_elements($2::jsonb) with ordinality as list (event, place) order by place
     )
     select pg_notify('${outboxChannel}', '')`,
    [guildId, told],
  );
}

/** The outbox as the relay sees it, over the connection that holds the lock. */
export class Outbox {
  constructor(private readonly connection: LockedConnection) {}

  /**
   * The oldest events, but for those of `busy` guilds. Those behind one of their guild that waits for its next try wait
   * too, to keep their order.
   */
  next(limit: number, busy: readonly string[]): Promise<OutboxRow[]> {
    return this.connection.query<OutboxRow>(
      `select id, guild_id as "guildId", type, data, failures from outbox as row
       where failures < $1 and guild_id <> all($3::text[]) and not exists (
         select from outbox as failed
         where failed.guild_id = row.guild_id and failed.id <= row.id
           and failed.failures > 0 and failed.failures < $1 and failed.not_before > now()
       )
       order by id limit $2`,
      [mostTries, limit, busy],
    );
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.connection.query('delete from outbox where id = any($1::bigint[])', [ids]);
  }

  /** After 1, 2, 4 … seconds it is tried again. */
  async postpone(id: string): Promise<void> {
    await this.connection.query(
      `update outbox set failures = failures + 1, not_before = now() + make_interval(secs => power(2, failures))
       where id = $1`,
      [id],
    );
  }
}

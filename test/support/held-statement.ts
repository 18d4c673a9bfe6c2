import { Client } from 'pg';

/** A database in which certain writes wait until they are let go, so that a process can be killed right there. */
export class HeldStatement {
  private constructor(
    private readonly client: Client,
    private readonly lock: number,
  ) {}

  /** Holds writes of notifications for which `condition` (SQL, of `new`) is true: of `insert` or `update`. */
  static async of(url: string, event: 'insert' | 'update', condition: string): Promise<HeldStatement> {
    const client = new Client({ connectionString: url });
    await client.connect();
    const lock = Math.floor(Math.random() * 1_000_000);
    await client.query(
      `create function held_${lock}() returns trigger language plpgsql as $$
       begin perform pg_advisory_xact_lock(${lock}); return new; end $$`,
    );
    await client.query(
      `create trigger held_${lock} before ${event} on notifications for each row when (${condition})
       execute function held_${lock}()`,
    );
    await client.query('select pg_advisory_lock($1)', [lock]);
    return new HeldStatement(client, lock);
  }

  /** How many writes wait. */
  async waiting(): Promise<number> {
    const { rows } = await this.client.query<{ n: number }>(
      `select count(*)::int as n from pg_locks where locktype = 'advisory' and objid = $1 and not granted`,
      [this.lock],
    );
    return rows[0]!.n;
  }

  /** Undoes the writes that wait, whose processes are dead, and holds nothing any more. */
  async undo(): Promise<void> {
    await this.client.query(
      `select pg_terminate_backend(pid, 5000) from pg_locks
       where locktype = 'advisory' and objid = $1 and not granted`,
      [this.lock],
    );
    await this.client.query(`drop function held_${this.lock} cascade`);
    await this.client.end();
  }
}

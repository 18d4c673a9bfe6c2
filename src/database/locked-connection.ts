import { type Client, type ClientConfig, type Pool } from 'pg';
import { type DataSource } from 'typeorm';
import { ImpatientClient } from './impatient-client.js';

/**
 * A connection of its own that holds one lock of the database; of all processes one at a time does. The lock goes with
 * the connection, however that ends, so a process that dies leaves it to another. Statements that need the lock go over
 * this connection: whoever has lost it can do nothing more in its name.
 */
export class LockedConnection {
  private client: Client | undefined;
  private held = false;
  private closed = false;
  /** Settles with the last statement: the driver takes one at a time. */
  private last: Promise<unknown> = Promise.resolve();

  /** `lock` is its name, the same in every process. */
  constructor(
    private readonly options: () => ClientConfig,
    private readonly lock: string,
  ) {}

  /** To our own database, in whatever form its address was given. */
  static to(dataSource: DataSource, lock: string): LockedConnection {
    return new LockedConnection(() => (dataSource.driver as unknown as { master: Pool }).master.options, lock);
  }

  /**
   * Whether the lock is ours; tries to take it when it is not. Not to be called again before it has answered.
   * @throws Error when the database cannot be reached
   */
  async hold(): Promise<boolean> {
    if (this.held) return true;
    const client = await this.connected();
    const statement = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as held';
    const { rows } = await this.inTurn(() => client.query<{ held: boolean }>(statement, [this.lock]));
    // The connection may have ended with the answer.
    this.held = this.client === client && rows[0]?.held === true;
    return this.held;
  }

  /** @throws Error also when the lock has been lost */
  query<Row extends object>(statement: string, values: unknown[]): Promise<Row[]> {
    return this.inTurn(async () => {
      if (!this.client || !this.held) throw new Error('the lock is not held any more');
      const { rows } = await this.client.query<Row>(statement, values);
      return rows;
    });
  }

  /** Gives the lock back, for good. */
  async close(): Promise<void> {
    this.closed = true;
    await this.client?.end().catch(() => undefined);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async connected(): Promise<Client> {
    if (this.client) return this.client;
    const client = new ImpatientClient(this.options());
    // Whatever was asked fails with it; without a listener it would end the process.
    client.on('error', () => undefined);
    client.once('end', () => {
      if (this.client !== client) return;
      this.client = undefined;
      this.held = false;
    });
    await client.connect();
    if (this.closed) {
      await client.end();
      throw new Error('closed while it was opened');
    }
    return (this.client = client);
  }
}

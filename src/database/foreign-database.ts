import { Logger } from '@nestjs/common';
import { DatabaseError, Pool, type PoolClient, type PoolConfig } from 'pg';
import { ChannelListener, type Heard } from './channel-listener.js';
import { describeConnectionFault, describeDatabase } from './connection-fault.js';
import { ImpatientClient } from './impatient-client.js';

export interface ForeignDatabaseOptions {
  url: string;
  /** Connections held at most. */
  poolSize: number;
  /** Milliseconds after which Postgres gives up a statement. */
  statementTimeout: number;
}

/** What the pool hands out, with what its types do not tell. */
type HeldClient = PoolClient & { readonly processID: number | null; end(): Promise<void> };

const connectionTimeout = 5_000;
/** Milliseconds after Postgres should have given up a statement: whoever is still silent then is gone. */
const grace = 2_000;

/**
 * Somebody else's database: read, never written, and connected to only when asked something. What it throws names host
 * and database, and never the password.
 */
export class ForeignDatabase {
  /** `host:port/database` */
  readonly address: string;
  private readonly logger = new Logger(ForeignDatabase.name);
  private readonly pool: Pool;
  private readonly listener: ChannelListener;
  private readonly inUse = new Set<HeldClient>();
  private closing?: Promise<void>;

  constructor(private readonly options: ForeignDatabaseOptions) {
    this.address = describeDatabase(options.url);
    const config: PoolConfig = {
      connectionString: readOnly(options),
      connectionTimeoutMillis: connectionTimeout,
      query_timeout: options.statementTimeout + grace,
      application_name: 'guildcast',
      // A peer that vanished without a word is noticed within a minute, also on the connection that only listens.
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
    };
    this.pool = new Pool({ ...config, max: options.poolSize, idleTimeoutMillis: 30_000, Client: ImpatientClient });
    // An idle connection that breaks is dropped by the pool; without a listener it would end the process.
    this.pool.on('error', (error) => this.logger.warn(this.describe(error)));
    // The same for one in use: there the statement tells.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
    this.listener = new ChannelListener(() => config, `The database at ${this.address}`);
  }

  /**
   * Rows as lists of columns. An abort ends the statement, here and there.
   * @throws Error in one sentence, or the signal's reason
   */
  async query(text: string, values: unknown[], signal?: AbortSignal): Promise<unknown[][]> {
    signal?.throwIfAborted();
    const connecting = this.connect();
    const client = await orAborted(connecting, signal).catch((error: unknown) => {
      connecting.then((late) => late.release()).catch(() => undefined);
      throw this.faultOf(error, signal);
    });
    this.inUse.add(client);
    try {
      const result = await orAborted(client.query<unknown[]>({ text, values, rowMode: 'array' }), signal);
      client.release();
      return result.rows;
    } catch (error) {
      // A statement that was refused leaves its connection as good as before.
      client.release(signal?.aborted || !isRefusal(error));
      if (signal?.aborted) this.cancel(client);
      throw this.faultOf(error, signal);
    } finally {
      this.inUse.delete(client);
    }
  }

  /**
   * Calls `callback` for every NOTIFY on the channel, and without a payload after each time that some may have been
   * missed; the answer ends it.
   */
  listen(channel: string, callback: Heard): () => void {
    return this.listener.listen(channel, callback);
  }

  /** Statements under way fail. A second call does no harm. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    const ends = [...this.inUse].map((client) => client.end());
    await Promise.all([...ends, this.listener.close(), this.pool.end()]);
  }

  /** The driver throws at once when a certificate cannot be read, where it should answer. */
  private async connect(): Promise<HeldClient> {
    return (await this.pool.connect()) as HeldClient;
  }

  /** Postgres does not notice that nobody waits any more: the statement would go on until its time is over. */
  private cancel({ processID }: HeldClient): void {
    this.pool.query('select pg_cancel_backend($1)', [processID]).catch(() => undefined);
  }

  private faultOf(error: unknown, signal: AbortSignal | undefined): unknown {
    return signal?.aborted ? signal.reason : new Error(this.describe(error));
  }

  private describe(error: unknown): string {
    return `the database at ${this.address}: ${this.reason(error)}`;
  }

  private reason(error: unknown): string {
    if (!isRefusal(error)) return describeConnectionFault(error);
    // What Postgres says of a statement holds no secret: we wrote it.
    return error.code === '57014' ? `no answer within ${this.options.statementTimeout} ms` : error.message;
  }
}

/** Whether Postgres, or a pooler before it, says in words of its own what it did not like. */
function isRefusal(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && !/^(08(?!P01)|28|3D|53300|57P)/.test(error.code ?? '');
}

/** Added to whatever the address sets itself, and after it: the last word counts. */
function readOnly({ url, statementTimeout }: ForeignDatabaseOptions): string {
  const [address = ''] = url.split('#');
  const own = new URL(address).searchParams.getAll('options').at(-1) ?? '';
  const options = `${own} -c default_transaction_read_only=on -c statement_timeout=${statementTimeout}`.trim();
  // Through the text of the address: there the driver would let other settings be overruled.
  return `${address}${address.includes('?') ? '&' : '?'}options=${encodeURIComponent(options).replaceAll('%3D', '=')}`;
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  work.catch(() => undefined);
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

import { Client, DatabaseError } from 'pg';
import { describeConnectionFault, describeDatabase } from './connection-fault.js';
import { migrations } from './migrations/index.js';
import { StartupError } from './startup-error.js';

export interface DatabaseReading {
  /** `host:port/database` */
  address: string;
  /** Such as `18.4`. */
  version: string;
  /** By how many milliseconds its clock is ahead of ours; 0 within what the question took. */
  clockAheadMs: number;
  /** Migrations of ours that it has not seen yet. */
  pending: number;
  /** Migrations it has seen that this program does not know: a newer one made them. */
  unknown: number;
  /** Whether this user may make tables there. */
  mayMigrate: boolean;
  /** A copy that follows another database, or one that was set so. */
  readOnly: boolean;
}

/** Milliseconds for the connection, and for each statement. */
const patience = 5_000;

const look = `select current_setting('server_version') as version,
  extract(epoch from clock_timestamp()) * 1000 as clock,
  to_regclass('migrations') is not null as migrated,
  coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_migrate,
  current_setting('transaction_read_only') = 'on' as read_only`;

interface Looked {
  version: string;
  clock: string;
  migrated: boolean;
  may_migrate: boolean;
  read_only: boolean;
}

/**
 * Asks a database how it is, on a connection of its own, and changes nothing.
 * @throws StartupError when it cannot be asked, without the password
 */
export async function examineDatabase(url: string): Promise<DatabaseReading> {
  const address = describeDatabase(url);
  const client = clientOf(url, address);
  let connected = false;
  try {
    await client.connect();
    connected = true;
    const askedAt = Date.now();
    const { rows } = await client.query<Looked>(look);
    const clockAheadMs = aheadOf(Number(rows[0]!.clock), askedAt, Date.now());
    const seen = rows[0]!.migrated ? await migrationsOf(client) : [];
    const ours = migrations.map(({ name }) => name);
    return {
      address,
      version: rows[0]!.version.split(' ')[0]!,
      clockAheadMs,
      pending: ours.filter((name) => !seen.includes(name)).length,
      unknown: seen.filter((name) => !ours.includes(name)).length,
      mayMigrate: rows[0]!.may_migrate,
      readOnly: rows[0]!.read_only,
    };
  } catch (error) {
    throw new StartupError(`The database at ${address} cannot be used: ${faultOf(error, connected)}.`);
  } finally {
    void client.end().catch(() => undefined);
  }
}

function clientOf(url: string, address: string): Client {
  try {
    const times = { connectionTimeoutMillis: patience, query_timeout: patience };
    const client = new Client({ connectionString: url, application_name: 'guildcast doctor', ...times });
    // Whatever was asked fails with it; without a listener it would end the process.
    client.on('error', () => undefined);
    return client;
  } catch (error) {
    // Such as a certificate that cannot be read.
    throw new StartupError(`The database at ${address} cannot be used: ${describeConnectionFault(error)}.`);
  }
}

async function migrationsOf(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select name from migrations');
  return rows.map(({ name }) => name);
}

/** 0 when the other clock's time lies between the question and its answer. */
function aheadOf(other: number, askedAt: number, answeredAt: number): number {
  if (other > answeredAt) return Math.round(other - answeredAt);
  return other < askedAt ? Math.round(other - askedAt) : 0;
}

function faultOf(error: unknown, connected: boolean): string {
  // What Postgres says of a statement holds no secret: we wrote it.
  if (connected && error instanceof DatabaseError && !/^57P/.test(error.code ?? '')) return error.message;
  // Said of a peer that hangs up on what only Postgres understands.
  const cut = error instanceof Error && /terminated unexpectedly/.test(error.message);
  return cut ? 'what listens there is no Postgres, or one that is just ending' : describeConnectionFault(error);
}

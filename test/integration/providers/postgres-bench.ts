import { Client } from 'pg';
import { type SourceSnapshot } from '../../../src/domain/source-snapshot.js';
import { postgresSettings } from '../../../src/providers/postgres/postgres-settings.js';
import { PostgresProvider } from '../../../src/providers/postgres.provider.js';
import { readSnapshot } from '../../../src/providers/read-snapshot.js';
import { createEmptyDatabase } from '../../support/test-database.js';

/** The schema of d-back's guides, to the letter. */
export const seedSchema = `
  CREATE TABLE discord_servers (
    server_id VARCHAR(20) PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    passworded BOOLEAN DEFAULT FALSE,
    is_default BOOLEAN DEFAULT FALSE,
    enabled BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
  );
  CREATE TABLE discord_users (
    user_id VARCHAR(20),
    server_id VARCHAR(20) REFERENCES discord_servers(server_id),
    username VARCHAR(100) NOT NULL,
    status VARCHAR(10) NOT NULL,
    role_color VARCHAR(7) NOT NULL,
    last_seen TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (user_id, server_id)
  );
  CREATE INDEX idx_users_server_status ON discord_users(server_id, status);`;

export const here = '110000000000000001';
export const there = '110000000000000002';
export const ada = '210000000000000001';

/** What a source told, as the chain would read it. */
export interface Told extends SourceSnapshot {
  repairs: Record<string, number>;
}

/** An operator's database, and sources that read it. */
export class PostgresBench {
  private readonly providers: PostgresProvider[] = [];

  private constructor(
    readonly url: string,
    private readonly operator: Client,
    private readonly drop: () => Promise<void>,
  ) {}

  static async open(schema = ''): Promise<PostgresBench> {
    const database = await createEmptyDatabase();
    const operator = new Client({ connectionString: database.url, application_name: 'operator' });
    await operator.connect();
    await operator.query(schema);
    return new PostgresBench(database.url, operator, () => database.drop());
  }

  /** What the operator does to the database. */
  async run(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    return (await this.operator.query<Record<string, unknown>>(sql, values)).rows;
  }

  provider(settings: Record<string, string> = {}): PostgresProvider {
    const provider = new PostgresProvider(postgresSettings.parse({ POSTGRES_SOURCE_URL: this.url, ...settings }));
    this.providers.push(provider);
    return provider;
  }

  /** Cuts every connection of the sources, and answers how many there were. */
  async cut(): Promise<number> {
    await this.run('select pg_stat_clear_snapshot()');
    const cut = await this.run(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'guildcast'`,
    );
    return cut.length;
  }

  /** What the connections of the sources are at, such as `idle: LISTEN "x"`. */
  async connections(): Promise<string[]> {
    // Within a transaction the first look would stand for all.
    await this.run('select pg_stat_clear_snapshot()');
    const rows = await this.run(
      `select state || ': ' || query as doing from pg_stat_activity
       where datname = current_database() and application_name = 'guildcast' and state is not null`,
    );
    return rows.map(({ doing }) => String(doing));
  }

  async close(): Promise<void> {
    for (const provider of this.providers) await provider.onApplicationShutdown();
    await this.operator.end();
    await this.drop();
  }
}

/** Loads a guild as the chain does. */
export async function told(provider: PostgresProvider, guildId: string): Promise<Told | undefined> {
  const raw = await provider.loadGuild(guildId);
  if (!raw) return undefined;
  const { snapshot, repairs } = readSnapshot(raw, guildId, 250_000);
  return { ...snapshot, repairs: Object.fromEntries(repairs) };
}

import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ForeignDatabase } from '../database/foreign-database.js';
import { StartupError } from '../database/startup-error.js';
import { isSnowflake } from '../domain/snowflake.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { DataProvider, type RawSnapshot } from './data-provider.js';
import { type PostgresSettings } from './postgres/postgres-settings.js';
import { canHold, readLayout, type SourceLayout } from './postgres/source-layout.js';
import { guildsOf, snapshotOf } from './postgres/source-rows.js';
import { listStatement, loadStatement, mostGuilds, type Statement } from './postgres/source-statements.js';
import { readGuild } from './read-snapshot.js';
import { SOURCE_SETTINGS } from './source-settings.js';

/** Milliseconds after which the tables are looked at again: a column may have been added. */
const layoutFreshness = 60_000;

/** Guilds and members in two tables of a database of the operator's own. */
@Injectable()
export class PostgresProvider extends DataProvider implements OnApplicationShutdown {
  readonly name = 'postgres';
  private readonly database: ForeignDatabase;
  private layout?: { value: SourceLayout; asOf: number };

  constructor(@Inject(SOURCE_SETTINGS) private readonly settings: PostgresSettings) {
    super();
    const url = settings.POSTGRES_SOURCE_URL;
    if (url === undefined) throw new StartupError('The data source postgres needs POSTGRES_SOURCE_URL.');
    this.database = new ForeignDatabase({
      url,
      poolSize: settings.POSTGRES_SOURCE_POOL_SIZE,
      statementTimeout: settings.POSTGRES_SOURCE_STATEMENT_TIMEOUT_MS,
    });
  }

  async listGuilds(signal?: AbortSignal): Promise<SourceGuild[]> {
    const layout = await this.look(signal);
    const rows = await this.ask(listStatement(layout), signal);
    if (rows.length > mostGuilds) throw new Error(`there are more than ${mostGuilds} guilds`);
    return guildsOf(layout, rows).flatMap((guild) => readGuild(guild, () => undefined) ?? []);
  }

  async loadGuild(guildId: string, signal?: AbortSignal): Promise<RawSnapshot | undefined> {
    if (!isSnowflake(guildId)) return undefined;
    const layout = await this.look(signal);
    if (!canHold(layout, guildId)) return undefined;
    const rows = await this.ask(loadStatement(layout, guildId, this.settings.POSTGRES_SOURCE_STATUSES), signal);
    const snapshot = snapshotOf(layout, rows);
    // A number equals one that is written in another way.
    return snapshot?.guild.id === guildId ? snapshot : undefined;
  }

  override watch(changed: (guildId?: string) => void): Promise<() => Promise<void>> {
    const channel = this.settings.POSTGRES_SOURCE_CHANNEL;
    if (channel === 'off') return Promise.resolve(() => Promise.resolve());
    const stop = this.database.listen(channel, (payload) => {
      const guildId = payload?.trim();
      changed(isSnowflake(guildId) ? guildId : undefined);
    });
    return Promise.resolve(() => Promise.resolve(stop()));
  }

  onApplicationShutdown(): Promise<void> {
    return this.database.close();
  }

  private async look(signal: AbortSignal | undefined): Promise<SourceLayout> {
    if (this.layout && performance.now() - this.layout.asOf < layoutFreshness) return this.layout.value;
    const value = await readLayout(this.database, this.settings, signal);
    this.layout = { value, asOf: performance.now() };
    return value;
  }

  private async ask({ text, values }: Statement, signal: AbortSignal | undefined): Promise<unknown[][]> {
    try {
      return await this.database.query(text, values, signal);
    } catch (error) {
      // The tables may have changed: they are looked at before the next question.
      this.layout = undefined;
      throw error;
    }
  }
}

import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, QueryFailedError } from 'typeorm';
import { z } from 'zod';
import { Fault } from '../domain/fault.js';
import { door } from '../domain/guild.js';
import { isSnowflake } from '../domain/snowflake.js';
import { GuildSettings } from './guild-settings.entity.js';

const alias = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'must be 1 to 32 letters, digits and inner dashes')
  .refine((text) => text !== 'default', 'means the default guild already')
  .refine((text): boolean => !isSnowflake(text), 'must not look like a Discord id');

/** What can be decided about a guild. A key left out stays as it is; null gives the choice back to the data source. */
export const guildSettingsPatch = z
  .strictObject({ enabled: z.boolean(), alias: alias.nullable(), isDefault: z.boolean(), door: door.nullable() })
  .partial();
export type GuildSettingsPatch = z.infer<typeof guildSettingsPatch>;

const columns = {
  enabled: 'enabled',
  alias: 'alias',
  isDefault: 'is_default',
  door: 'door',
  updatedAt: 'updated_at',
} as const;

/** After how many milliseconds another process's change is seen. */
const freshness = 3_000;
/** How many milliseconds a reader waits for the database before it gets what was last known. */
const patience = 1_000;
/** All of them are kept in memory. */
const mostGuilds = 50_000;

/** The operator's choices, read from memory. An outage of the database leaves readers with what was last known. */
@Injectable()
export class GuildSettingsStore implements OnModuleInit {
  private readonly logger = new Logger(GuildSettingsStore.name);
  private known: ReadonlyMap<string, GuildSettings> = new Map();
  private asOf = -Infinity;
  private reading: Promise<void> | undefined;
  private troubled = false;
  /** Reads begun so far, and which of them `known` comes from. */
  private turns = 0;
  private shown = 0;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Read before anybody asks: a guarded guild must not stand open because its settings are not known yet. */
  async onModuleInit(): Promise<void> {
    await this.read();
  }

  /** One row for each guild that an operator ever decided something about. */
  async all(): Promise<GuildSettings[]> {
    await this.refresh();
    return [...this.known.values()];
  }

  /** Undefined when nothing was decided about the guild. */
  async get(guildId: string): Promise<GuildSettings | undefined> {
    await this.refresh();
    return this.known.get(guildId);
  }

  /**
   * Saves one guild's choices; making a guild the default takes that from the former one.
   * @throws Fault `request.invalid`, `request.conflict` when another guild has the alias, `service.unavailable`
   */
  async save(guildId: string, patch: GuildSettingsPatch): Promise<GuildSettings> {
    const checked = guildSettingsPatch.safeParse(patch);
    if (!isSnowflake(guildId)) throw new Fault('request.invalid', 'This is not the id of a guild.');
    if (!checked.success) {
      const errors = checked.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
      throw new Fault('request.invalid', 'These settings are not valid.', { errors });
    }
    if (this.known.size >= mostGuilds && !this.known.has(guildId)) {
      throw new Fault(
        'request.conflict',
        `There are settings for ${mostGuilds} guilds, which is as many as there may be.`,
      );
    }
    const saved = await this.write(guildId, checked.data).catch((error: unknown) => {
      throw this.faultOf(error);
    });
    await this.noLongerThanPatience(this.readOrKeep());
    return saved;
  }

  private async write(guildId: string, patch: GuildSettingsPatch): Promise<GuildSettings> {
    const row = { guildId, ...patch, updatedAt: new Date() };
    const changed = (Object.keys(columns) as (keyof typeof columns)[]).filter((key) => row[key] !== undefined);
    return this.dataSource.transaction(async (manager) => {
      // Two guilds made the default at once would each clear the former one, and then refuse each other.
      if (patch.isDefault) await manager.query(`select pg_advisory_xact_lock(hashtext('guild_settings.is_default'))`);
      if (patch.isDefault) await manager.update(GuildSettings, { isDefault: true }, { isDefault: false });
      const insert = manager.createQueryBuilder().insert().into(GuildSettings).values(row);
      const overwrite = changed.map((key) => columns[key]);
      await insert.orUpdate(overwrite, ['guild_id']).execute();
      return manager.findOneByOrFail(GuildSettings, { guildId });
    });
  }

  private async refresh(): Promise<void> {
    if (performance.now() - this.asOf < freshness) return;
    this.reading ??= this.readOrKeep().finally(() => (this.reading = undefined));
    await this.noLongerThanPatience(this.reading);
  }

  private async noLongerThanPatience(reading: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
    await Promise.race([reading, enough]);
    clearTimeout(timer);
  }

  private async readOrKeep(): Promise<void> {
    try {
      await this.read();
      if (this.troubled) this.logger.log('The guild settings can be read again');
      this.troubled = false;
    } catch {
      if (!this.troubled) this.logger.warn('The guild settings cannot be read: what was last known stays in force');
      this.troubled = true;
      this.asOf = performance.now();
    }
  }

  private async read(): Promise<void> {
    const turn = ++this.turns;
    const rows = await this.dataSource.getRepository(GuildSettings).find({ order: { guildId: 'ASC' } });
    // A read that began before a save may come back after the save's own, with the past.
    if (turn < this.shown) return;
    this.shown = turn;
    this.known = new Map(rows.map((row) => [row.guildId, row]));
    this.asOf = performance.now();
  }

  private faultOf(error: unknown): Fault {
    const code: unknown =
      error instanceof QueryFailedError ? (error.driverError as { code?: unknown }).code : undefined;
    if (code === '23505') return new Fault('request.conflict', 'Another guild has this alias.');
    this.logger.warn(`Guild settings were not saved (${typeof code === 'string' ? code : 'no connection'})`);
    return new Fault('service.unavailable', 'The settings cannot be saved now.', { retryAfter: 5 });
  }
}

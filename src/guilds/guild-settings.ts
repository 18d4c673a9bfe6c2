import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, QueryFailedError } from 'typeorm';
import { z } from 'zod';
import { PgListener } from '../database/pg-listener.js';
import { Fault } from '../domain/fault.js';
import { door } from '../domain/guild.js';
import { isSnowflake, snowflake } from '../domain/snowflake.js';
import { GuildSettings } from './guild-settings.entity.js';
import { LastKnown } from './last-known.js';
import { TableWatch } from './table-watch.js';

const alias = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'must be 1 to 32 letters, digits and inner dashes')
  .refine((text) => text !== 'default', 'means the default guild already')
  .refine((text): boolean => !isSnowflake(text), 'must not look like a Discord id');

const ids = (most: number) =>
  z
    .array(snowflake)
    .max(most)
    .transform((list) => [...new Set(list)]);

/** What can be decided about a guild. A key left out stays as it is; null gives the choice back to the data source. */
export const guildSettingsPatch = z
  .strictObject({
    enabled: z.boolean().describe('False: the guild is not shown at all.'),
    alias: alias.nullable(),
    isDefault: z.boolean(),
    door: door.nullable(),
    hideOffline: z.boolean(),
    hideBots: z.boolean(),
    ignoredUsers: ids(1_000).describe('Members who are not shown.'),
    ignoredRoles: ids(250).describe('Whoever has one of these roles is not shown.'),
    messages: z.boolean().describe('Whether messages are forwarded.'),
    channels: ids(500)
      .nullable()
      .describe('The channels whose messages are forwarded, private ones too; null: those that everybody can read.'),
  })
  .partial();
export type GuildSettingsPatch = z.infer<typeof guildSettingsPatch>;

const columns = {
  enabled: 'enabled',
  alias: 'alias',
  isDefault: 'is_default',
  door: 'door',
  hideOffline: 'hide_offline',
  hideBots: 'hide_bots',
  ignoredUsers: 'ignored_users',
  ignoredRoles: 'ignored_roles',
  messages: 'messages',
  channels: 'channels',
  updatedAt: 'updated_at',
} as const;

/** All of them are kept in memory. */
const mostGuilds = 50_000;

/** The operator's choices, read from memory. An outage of the database leaves readers with what was last known. */
@Injectable()
export class GuildSettingsStore implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(GuildSettingsStore.name);
  private readonly known: LastKnown<ReadonlyMap<string, GuildSettings>>;
  private readonly watch: TableWatch;
  private readonly listeners = new Set<() => void>();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    listener: PgListener,
  ) {
    this.known = new LastKnown<ReadonlyMap<string, GuildSettings>>(
      'guild settings',
      new Map(),
      () => this.read(),
      this.logger,
      () => this.listeners.forEach((hear) => hear()),
    );
    this.watch = new TableWatch(listener, 'guild_settings', this.known);
  }

  /** Read before anybody asks: a guarded guild must not stand open because its settings are not known yet. */
  async onModuleInit(): Promise<void> {
    await this.known.read();
  }

  onApplicationBootstrap(): void {
    this.watch.start();
  }

  onApplicationShutdown(): void {
    this.watch.stop();
  }

  /** By guild, as they were last known. */
  get present(): ReadonlyMap<string, GuildSettings> {
    return this.known.value;
  }

  /** Calls `listener` whenever the table was read. It must not throw. */
  onRead(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** One row for each guild that an operator ever decided something about. */
  async all(): Promise<GuildSettings[]> {
    await this.known.refresh();
    return [...this.known.value.values()];
  }

  /** Undefined when nothing was decided about the guild. */
  async get(guildId: string): Promise<GuildSettings | undefined> {
    await this.known.refresh();
    return this.known.value.get(guildId);
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
    if (this.known.value.size >= mostGuilds && !this.known.value.has(guildId)) {
      throw new Fault(
        'request.conflict',
        `There are settings for ${mostGuilds} guilds, which is as many as there may be.`,
      );
    }
    const saved = await this.write(guildId, checked.data).catch((error: unknown) => {
      throw this.faultOf(error);
    });
    await this.known.renew();
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

  private async read(): Promise<ReadonlyMap<string, GuildSettings>> {
    const rows = await this.dataSource.getRepository(GuildSettings).find({ order: { guildId: 'ASC' } });
    return new Map(rows.map((row) => [row.guildId, row]));
  }

  private faultOf(error: unknown): Fault {
    const code: unknown =
      error instanceof QueryFailedError ? (error.driverError as { code?: unknown }).code : undefined;
    if (code === '23505') return new Fault('request.conflict', 'Another guild has this alias.');
    this.logger.warn(`Guild settings were not saved (${typeof code === 'string' ? code : 'no connection'})`);
    return new Fault('service.unavailable', 'The settings cannot be saved now.', { retryAfter: 5 });
  }
}

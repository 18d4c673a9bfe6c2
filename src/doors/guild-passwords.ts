import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { describeConnectionFault } from '../database/connection-fault.js';
import { Fault } from '../domain/fault.js';
import { LastKnown } from '../guilds/last-known.js';
import { PasswordHasher } from './password-hasher.js';

/** In characters. */
export const shortestPassword = 8;
export const longestPassword = 256;

/** Guilds with settings: all of them are kept in memory. */
const mostGuilds = 50_000;

const write = `
  insert into guild_settings (guild_id, password_hash) values ($1, $2)
  on conflict (guild_id) do update set password_hash = excluded.password_hash, updated_at = now()`;

/** The passwords of guilds, as argon2id hashes. They go in, and never out. */
@Injectable()
export class GuildPasswords implements OnModuleInit {
  private readonly logger = new Logger(GuildPasswords.name);
  private readonly hasher = new PasswordHasher();
  private readonly known: LastKnown<ReadonlyMap<string, string>>;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    const ask = () => this.read();
    this.known = new LastKnown<ReadonlyMap<string, string>>('passwords of guilds', new Map(), ask, this.logger);
  }

  async onModuleInit(): Promise<void> {
    await this.known.read();
  }

  /** Names the present password of a guild without telling it; another one for another password. */
  async stamp(guildId: string): Promise<string | undefined> {
    await this.known.refresh();
    return this.known.value.get(guildId);
  }

  /** The stamp of the password if it is this one. @throws Fault `service.unavailable` when too many are being looked at */
  async match(guildId: string, password: string): Promise<string | undefined> {
    const hash = await this.stamp(guildId);
    if (hash === undefined || password.length > longestPassword) return undefined;
    return (await this.hasher.matches(hash, password)) ? hash : undefined;
  }

  /** @throws Fault `service.unavailable`, `request.conflict` when there are as many guilds with settings as there may be */
  async set(guildId: string, password: string): Promise<void> {
    const hash = await this.hasher.hash(password);
    await this.run(async () => {
      const [row]: { full: boolean }[] = await this.dataSource.query(
        'select count(*) >= $1 and not coalesce(bool_or(guild_id = $2), false) as full from guild_settings',
        [mostGuilds, guildId],
      );
      if (row?.full) throw new Fault('request.conflict', `There are settings for ${mostGuilds} guilds already.`);
      await this.dataSource.query(write, [guildId, hash]);
    });
  }

  /** Nobody enters by a password any more. False when there was none. @throws Fault `service.unavailable` */
  async remove(guildId: string): Promise<boolean> {
    return this.run(async () => {
      const [, removed]: [unknown, number] = await this.dataSource.query(
        'update guild_settings set password_hash = null, updated_at = now() where guild_id = $1 and password_hash is not null',
        [guildId],
      );
      return removed > 0;
    });
  }

  private async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Fault) throw error;
      this.logger.warn(`The password of a guild was not written: ${describeConnectionFault(error)}`);
      throw new Fault('service.unavailable', 'Passwords cannot be written now.', { retryAfter: 5 });
    } finally {
      await this.known.renew();
    }
  }

  private async read(): Promise<ReadonlyMap<string, string>> {
    const rows: { guild_id: string; password_hash: string }[] = await this.dataSource.query(
      'select guild_id, password_hash from guild_settings where password_hash is not null',
    );
    return new Map(rows.map((row) => [row.guild_id, row.password_hash]));
  }
}

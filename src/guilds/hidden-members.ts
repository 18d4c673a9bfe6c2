import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { describeConnectionFault } from '../database/connection-fault.js';
import { PgListener } from '../database/pg-listener.js';
import { Fault } from '../domain/fault.js';
import { isSnowflake } from '../domain/snowflake.js';
import { LastKnown } from './last-known.js';
import { TableWatch } from './table-watch.js';

/** All of them are kept in memory. */
const mostHidden = 100_000;

/** Who hides: in every guild, and in single ones. */
export interface Hidden {
  everywhere: ReadonlySet<string>;
  /** By guild, without those who hide everywhere. */
  inGuild: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Members who do not want to be seen, read from memory. An outage of the database leaves them hidden. */
@Injectable()
export class HiddenMembers implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(HiddenMembers.name);
  private readonly known: LastKnown<Hidden>;
  private readonly watch: TableWatch;
  private readonly listeners = new Set<() => void>();
  private count = 0;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    listener: PgListener,
  ) {
    const nobody: Hidden = { everywhere: new Set(), inGuild: new Map() };
    const tell = (): void => this.listeners.forEach((hear) => hear());
    this.known = new LastKnown<Hidden>('hidden members', nobody, () => this.read(), this.logger, tell);
    this.watch = new TableWatch(listener, 'hidden_members', this.known);
  }

  /** Read before anybody is shown. */
  async onModuleInit(): Promise<void> {
    await this.known.read();
  }

  onApplicationBootstrap(): void {
    this.watch.start();
  }

  onApplicationShutdown(): void {
    this.watch.stop();
  }

  /** As it was last known. */
  get present(): Hidden {
    return this.known.value;
  }

  /** Calls `listener` whenever the table was read. It must not throw. */
  onRead(listener: () => void): void {
    this.listeners.add(listener);
  }

  /**
   * Hides a person in one guild, or everywhere (`null`), and removes what is stored of them; once more is no fault.
   * When it answers, rooms of this process have been told. `actor` is who wanted it, such as `key:` and a fingerprint.
   * @throws Fault `request.invalid`, `request.conflict` when there are as many as there may be, `service.unavailable`
   */
  async hide(guildId: string | null, userId: string, actor?: string): Promise<void> {
    mustBeIds(guildId, userId);
    await this.change(async (rows) => {
      // Writers of the store hold the same lock, shared: nobody who hides is stored by one that did not know it yet.
      await rows.query(`select pg_advisory_xact_lock(hashtextextended('guildcast.hidden', 0))`);
      if (this.count >= mostHidden && !this.hides(guildId, userId)) {
        throw new Fault('request.conflict', `${mostHidden} members hide, which is as many as there may be.`);
      }
      await rows.query(
        `insert into hidden_members (guild_id, user_id, actor) values ($1, $2, $3) on conflict do nothing`,
        [guildId, userId, actor ?? null],
      );
    });
  }

  /** Takes a hiding back; where there is none, nothing happens. Throws as `hide` does. */
  async show(guildId: string | null, userId: string): Promise<void> {
    mustBeIds(guildId, userId);
    await this.change((rows) =>
      rows.query(`delete from hidden_members where guild_id is not distinct from $1 and user_id = $2`, [
        guildId,
        userId,
      ]),
    );
  }

  private hides(guildId: string | null, userId: string): boolean {
    const { everywhere, inGuild } = this.present;
    return (guildId === null ? everywhere : inGuild.get(guildId))?.has(userId) ?? false;
  }

  private async change(write: (rows: EntityManager) => Promise<unknown>): Promise<void> {
    try {
      await this.dataSource.transaction(write);
    } catch (error) {
      if (error instanceof Fault) throw error;
      this.logger.warn(`Who hides was not written: ${describeConnectionFault(error)}`);
      throw new Fault('service.unavailable', 'Who hides cannot be written now.', { retryAfter: 5 });
    }
    await this.known.renew();
  }

  private async read(): Promise<Hidden> {
    const rows: { guildId: string | null; userId: string }[] = await this.dataSource.query(
      `select guild_id as "guildId", user_id as "userId" from hidden_members`,
    );
    const everywhere = new Set<string>();
    const inGuild = new Map<string, Set<string>>();
    for (const { guildId, userId } of rows) {
      if (guildId === null) everywhere.add(userId);
      else if (inGuild.get(guildId)?.add(userId) === undefined) inGuild.set(guildId, new Set([userId]));
    }
    this.count = rows.length;
    return { everywhere, inGuild };
  }
}

function mustBeIds(guildId: string | null, userId: string): void {
  const errors = [
    ...(guildId === null || isSnowflake(guildId) ? [] : [{ path: 'guild', message: 'must be the id of a guild' }]),
    ...(isSnowflake(userId) ? [] : [{ path: 'userId', message: 'must be the id of a user' }]),
  ];
  if (errors.length > 0) throw new Fault('request.invalid', 'These are not the ids of a guild and a user.', { errors });
}

import { Injectable } from '@nestjs/common';
import { isSnowflake } from '../domain/snowflake.js';
import { type SourceGuild } from '../domain/source-snapshot.js';
import { StoredGuilds } from '../store/stored-guilds.js';
import { DataProvider, type RawSnapshot } from './data-provider.js';

/** Guilds that operators write over REST into our own database, whose outbox tells every change. */
@Injectable()
export class StoreProvider extends DataProvider {
  readonly name = 'store';
  override readonly live = true;

  constructor(private readonly stored: StoredGuilds) {
    super();
  }

  listGuilds(): Promise<SourceGuild[]> {
    return this.stored.sources();
  }

  async loadGuild(guildId: string): Promise<RawSnapshot | undefined> {
    return isSnowflake(guildId) ? this.stored.snapshot(guildId) : undefined;
  }
}

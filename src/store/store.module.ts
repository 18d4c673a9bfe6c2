import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { LockedConnection } from '../database/locked-connection.js';
import { GuildStore } from './guild-store.js';
import { GuildTransaction } from './guild-transaction.js';
import { MemberStore } from './member-store.js';
import { OutboxRelay } from './outbox-relay.js';
import { STORE_OPTIONS, type StoreOptions } from './store-options.js';
import { StoredGuild } from './stored-guild.entity.js';
import { StoredGuilds } from './stored-guilds.js';
import { StoredMember } from './stored-member.entity.js';

/** Guilds of our own database, and the relay that tells rooms what is written. The data source and the log are global. */
@Module({})
export class StoreModule {
  static forRoot(options: StoreOptions): DynamicModule {
    return {
      module: StoreModule,
      imports: [TypeOrmModule.forFeature([StoredGuild, StoredMember])],
      providers: [
        { provide: STORE_OPTIONS, useValue: options },
        {
          provide: LockedConnection,
          useFactory: (dataSource: DataSource) => LockedConnection.to(dataSource, 'guildcast.outbox'),
          inject: [DataSource],
        },
        GuildTransaction,
        GuildStore,
        MemberStore,
        StoredGuilds,
        OutboxRelay,
      ],
      exports: [GuildStore, MemberStore, StoredGuilds, STORE_OPTIONS],
    };
  }
}

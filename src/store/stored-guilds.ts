import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Member } from '../domain/member.js';
import { type SourceGuild, type SourceSnapshot } from '../domain/source-snapshot.js';
import { storedGuild } from './guild-store.js';
import { noSuchMember } from './member-store.js';
import { reachStore } from './store-fault.js';
import { StoredGuild } from './stored-guild.entity.js';
import { memberOf, StoredMember } from './stored-member.entity.js';

/** Up to `limit` rows, those of ids younger than `after`. */
interface Page {
  after?: string;
  limit: number;
}

/** Reads what is stored. What REST asks for throws the Fault `service.unavailable` while the database is away. */
@Injectable()
export class StoredGuilds {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws Fault `guild.not_found` */
  guild(id: string): Promise<StoredGuild> {
    return reachStore(() => storedGuild(this.dataSource.manager, id));
  }

  has(id: string): Promise<boolean> {
    return reachStore(() => this.dataSource.manager.existsBy(StoredGuild, { id }));
  }

  /** Oldest id first. */
  guilds({ after, limit }: Page): Promise<StoredGuild[]> {
    return reachStore(() => {
      const rows = this.dataSource.manager.createQueryBuilder(StoredGuild, 'guild');
      if (after !== undefined) rows.where('(length(guild.id), guild.id) > (length(:after), :after)', { after });
      return rows.orderBy('length(guild.id)').addOrderBy('guild.id').limit(limit).getMany();
    });
  }

  /** @throws Fault `guild.not_found`, `member.not_found` */
  member(guildId: string, id: string): Promise<Member> {
    return reachStore(async () => {
      await storedGuild(this.dataSource.manager, guildId);
      const row = await this.dataSource.manager.findOneBy(StoredMember, { guildId, id });
      if (!row) throw noSuchMember();
      return memberOf(row);
    });
  }

  /** Oldest id first. @throws Fault `guild.not_found` */
  members(guildId: string, { after, limit }: Page): Promise<{ members: Member[]; total: number }> {
    return reachStore(async () => {
      const { memberCount } = await storedGuild(this.dataSource.manager, guildId);
      const rows = this.dataSource.manager.createQueryBuilder(StoredMember, 'member').where({ guildId });
      if (after !== undefined) rows.andWhere('(length(member.id), member.id) > (length(:after), :after)', { after });
      const page = await rows.orderBy('length(member.id)').addOrderBy('member.id').limit(limit).getMany();
      return { members: page.map(memberOf), total: memberCount };
    });
  }

  /** Every guild, as a data source tells of it. @throws Error while the database is away */
  async sources(): Promise<SourceGuild[]> {
    return (await this.dataSource.manager.find(StoredGuild)).map(sourceGuild);
  }

  /** Undefined for a guild that is not stored. @throws Error while the database is away */
  snapshot(guildId: string): Promise<SourceSnapshot | undefined> {
    // Guild and members of one moment.
    return this.dataSource.transaction('REPEATABLE READ', async (rows) => {
      const guild = await rows.findOneBy(StoredGuild, { id: guildId });
      if (!guild) return undefined;
      // Not as entities: making a quarter of a million of those would hold everybody up.
      const members: StoredMember[] = await rows.query(memberStatement, [guildId]);
      return { guild: sourceGuild(guild), members: members.map(memberOf), partial: [] };
    });
  }
}

const memberStatement = `
  select guild_id as "guildId", id, username, display_name as "displayName", avatar_url as "avatarUrl", bot,
    role_color as "roleColor", role_ids as "roleIds", status, activities, voice_channel_id as "voiceChannelId",
    joined_at as "joinedAt"
  from stored_members where guild_id = $1`;

function sourceGuild({ id, name, iconUrl, alias, default: isDefault, door }: StoredGuild): SourceGuild {
  return { id, name, iconUrl, suggested: { ...(alias !== null && { alias }), default: isDefault, door } };
}
